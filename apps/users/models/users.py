from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import TimestampedModel
from apps.users.constants import USERNAME_MAX_LENGTH


class SubscriptionTier(models.TextChoices):
    FREE = "free", "Free"
    PRO = "pro", "Pro"
    PREMIUM = "premium", "Premium"
    ENTERPRISE = "enterprise", "Enterprise"


class UserQuerySet(models.QuerySet["User"]):
    def with_email(self, email: str) -> Self:
        """However it is capitalised. Asks as the unique index is built; `iexact` would not use it."""
        return self.alias(folded_email=Lower("email")).filter(folded_email=Lower(Value(email)))

    def with_username(self, username: str) -> Self:
        name = self.model.normalize_username(username)
        return self.alias(folded_username=Lower("username")).filter(folded_username=Lower(Value(name)))

    def with_login(self, login: str) -> Self:
        """By address or by name. A name never holds an `@`, so no name can pass for somebody's address."""
        return self.with_email(login) if "@" in login else self.with_username(login)


class PeopleManager(UserManager["User"]):
    use_in_migrations = False

    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get_queryset().with_login(username or "").get()

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **extra_fields: Any
    ) -> "User":
        # Whoever can do this holds the server; a mail would prove nothing more.
        extra_fields.setdefault("email_verified_at", timezone.now())
        return super().create_superuser(username, email, password, **extra_fields)


class User(TimestampedModel, AbstractUser):
    username = models.CharField(
        max_length=USERNAME_MAX_LENGTH,
        unique=True,
        validators=[RegexValidator(r"^[\w.+-]+\Z", _("Use letters, digits and . + - _ only."))],
        error_messages={"unique": _("This name is taken.")},
        help_text="Letters, digits and . + - _ only.",
    )
    email = models.EmailField()
    email_verified_at = models.DateTimeField(null=True, blank=True)
    # Mandatory confirmation: the name asked for at registration, given when the address is confirmed.
    wished_username = models.CharField(max_length=USERNAME_MAX_LENGTH, blank=True, editable=False)
    deletion_due_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="set: closed until somebody signs in, gone then"
    )
    subscription_tier = models.CharField(
        max_length=16, choices=SubscriptionTier.choices, default=SubscriptionTier.FREE
    )

    objects: ClassVar[PeopleManager] = PeopleManager()

    class Meta:
        ordering = ["username"]
        indexes = [
            models.Index(
                fields=["deletion_due_at"],
                name="users_user_leaving",
                condition=Q(deletion_due_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="users_user_email_unique",
                violation_error_code="taken",
                violation_error_message=_("This e-mail address is taken."),
            ),
            models.UniqueConstraint(
                Lower("username"),
                name="users_user_username_unique",
                violation_error_code="taken",
                violation_error_message=_("This name is taken."),
            ),
            models.CheckConstraint(
                condition=Q(subscription_tier__in=SubscriptionTier.values), name="users_user_tier_known"
            ),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def has_confirmed_email(self) -> bool:
        return self.email_verified_at is not None

    @property
    def is_leaving(self) -> bool:
        return self.deletion_due_at is not None
