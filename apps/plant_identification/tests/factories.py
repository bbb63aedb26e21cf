import factory
from django.conf import settings

from apps.plant_identification.models import Plant, PlantCollection, PlantSpecies
from apps.users.tests.factories import UserFactory


class SpeciesFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PlantSpecies

    canonical_name = factory.Sequence(lambda number: f"Ficus {_letters(number)}ensis")
    genus = factory.LazyAttribute(lambda species: species.canonical_name.split()[0])
    from_sandbox = factory.LazyFunction(lambda: settings.PROVIDER_SANDBOX)


def _letters(number):
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


class CollectionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PlantCollection

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda number: f"Shelf {number}")
    folded_name = factory.LazyAttribute(lambda collection: collection.name.casefold())


class PlantFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Plant

    owner = factory.SubFactory(UserFactory)
    nickname = "Ivy"
    from_sandbox = factory.LazyFunction(lambda: settings.PROVIDER_SANDBOX)
