"""The catalogue's photographs, as pictures of the editors' library with their author and licence."""

from collections.abc import Mapping

from django.core.files.images import ImageFile
from django.db import transaction
from wagtail.images import get_image_model

from apps.plant_identification.models import FactSource, PlantSpecies, SourceKind, SpeciesPicture
from apps.plant_identification.services.encyclopedia.catalogue import DATA, Catalogue, Picture
from apps.plant_identification.services.encyclopedia.loading import Tally

LICENCE_PAGES = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-2.0": "https://creativecommons.org/licenses/by/2.0/",
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/",
}


def load_pictures(*, catalogue: Catalogue) -> Tally:
    """One that an editor removed does not come back."""
    sources = {source.key: source for source in FactSource.objects.filter(kind=SourceKind.DATASET)}
    tally = Tally()
    for picture in catalogue.pictures:
        with transaction.atomic():
            _load_picture(picture, sources, tally)
    shown = SpeciesPicture.objects.filter(
        species__in=PlantSpecies.objects.visible(), source__in=sources.values()
    )
    dropped = shown.exclude(source_url__in=[picture.source_url for picture in catalogue.pictures])
    tally.removed, _ = dropped.delete()
    return tally


def _load_picture(picture: Picture, sources: Mapping[str, FactSource], tally: Tally) -> None:
    # The row's lock: another loader must not add the same picture meanwhile.
    named = PlantSpecies.objects.visible().filter(canonical_name=picture.species)
    species = named.select_for_update(no_key=True).first()
    if species is None or picture.file in species.catalogue.get("pictures", []):
        tally.left += 1
        return
    SpeciesPicture.objects.create(
        species=species,
        image=_add_image(picture),
        caption=picture.caption,
        credit=picture.author,
        licence=picture.licence,
        licence_url=LICENCE_PAGES.get(picture.licence, ""),
        source_url=picture.source_url,
        source=sources[picture.source],
        position=species.pictures.count(),
    )
    loaded = [*species.catalogue.get("pictures", []), picture.file]
    species.catalogue = species.catalogue | {"pictures": loaded}
    species.save(update_fields=["catalogue"])
    tally.added += 1


def _add_image(picture: Picture) -> object:
    with (DATA / "pictures" / picture.file).open("rb") as file:
        image = get_image_model()(
            title=picture.caption[:255],
            description=picture.caption[:255],
            file=ImageFile(file, name=picture.file),
        )
        image.save()
    return image
