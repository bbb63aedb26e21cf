"""Several commands in one process: to start Django takes longer than most of them."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError, call_command


class Command(BaseCommand):
    help = (
        "Runs commands one after the other, and says before each which one begins. The first that fails is"
        ' the last. Example: in_turn \'["migrate", "--noinput"]\' \'["load_demo"]\''
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("commands", nargs="+", type=_read, help="a command's words as a list in JSON")

    def handle(self, *, commands: list[list[str]], **options: Any) -> None:
        for name, *arguments in commands:
            self.stdout.write(f"Begins: {name}")
            self.stdout.flush()
            call_command(name, *arguments)


def _read(text: str) -> list[str]:
    words = json.loads(text)
    if not (isinstance(words, list) and words and all(isinstance(word, str) for word in words)):
        raise CommandError(f"{text} is no list of a command's words.")
    return words
