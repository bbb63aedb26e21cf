from django.apps import AppConfig


class BlogConfig(AppConfig):
    name = "apps.blog"
    label = "blog"
    verbose_name = "Blog"

    def ready(self) -> None:
        from apps.blog import checks, receivers  # noqa: F401 - importing the checks registers them
        from apps.blog.services.community_tables import COMMUNITY_TABLES
        from apps.blog.services.personal_tables import PERSONAL_TABLES
        from apps.users.public import register_personal_data

        receivers.connect()
        register_personal_data(*PERSONAL_TABLES, *COMMUNITY_TABLES)
