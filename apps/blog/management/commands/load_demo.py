"""Content for a first look: a small blog, and somebody who may edit it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.blog.services.demo import load_demo_blog
from apps.users.public import User

DEMO_EDITOR = "demo"
DEMO_EDITOR_EMAIL = "demo@example.org"
DEMO_PASSWORD = "leaf-after-rain"  # noqa: S105 - public on purpose, and refused outside development


class Command(BaseCommand):
    help = "Load the demo blog and an editor `demo`. For development only; may be run again."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo content has a password that everybody knows: development only.")
        blog = load_demo_blog()
        self.stdout.write(f"Blog at {blog.path} with {blog.post_count} posts.")
        if not User.objects.filter(username=DEMO_EDITOR).exists():
            User.objects.create_superuser(DEMO_EDITOR, DEMO_EDITOR_EMAIL, DEMO_PASSWORD)
        self.stdout.write(f"Sign in at /cms/ as {DEMO_EDITOR} with {DEMO_PASSWORD}.")
