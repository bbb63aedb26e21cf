from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "apps.users"
    label = "users"
    verbose_name = "People"

    def ready(self) -> None:
        from apps.users import checks, receivers  # noqa: F401  (importing registers them)
        from apps.users.services.personal_data import register_personal_data
        from apps.users.services.personal_tables import PERSONAL_TABLES

        register_personal_data(*PERSONAL_TABLES)
