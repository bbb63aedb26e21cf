import factory
from django.utils import timezone

from apps.users.models import User

PASSWORD = "moss-and-lichen-42"


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"gardener{number}")
    email = factory.Sequence(lambda number: f"gardener{number}@example.org")
    email_verified_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class, *args, password=PASSWORD, **kwargs):
        return model_class.objects.create_user(*args, password=password, **kwargs)
