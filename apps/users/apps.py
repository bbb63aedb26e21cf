from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "apps.users"
    label = "users"
    verbose_name = "People"

    def ready(self) -> None:
        from apps.users import checks  # noqa: F401  (importing registers them)
