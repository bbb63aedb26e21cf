"""What one says of one's identification, and the photos it was made from."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from apps.plant_identification.models.feedback import COMMENT_CHARS
from apps.plant_identification.types import Organ, Verdict

NAME_CHARS = 200
VERDICTS = [verdict.value for verdict in Verdict]


class FeedbackRequestSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=VERDICTS, help_text="`other`: it is `scientific_name`.")
    scientific_name = serializers.CharField(
        required=False,
        allow_blank=True,
        allow_null=True,
        max_length=NAME_CHARS,
        help_text="What it is. Needed for the verdict `other`, and for no other.",
    )
    comment = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, max_length=COMMENT_CHARS
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = {name: attrs.get(name) or "" for name in ("scientific_name", "comment")}
        is_other = attrs["verdict"] == Verdict.OTHER
        if is_other and not given["scientific_name"]:
            raise serializers.ValidationError({"scientific_name": _("Say what it is.")})
        if given["scientific_name"] and not is_other:
            raise serializers.ValidationError(
                {"scientific_name": _("A name goes with the verdict `other` only.")}
            )
        return {"verdict": Verdict(attrs["verdict"]), **given}


class FeedbackSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=VERDICTS)
    scientific_name = serializers.SerializerMethodField()
    species_id = serializers.UUIDField(allow_null=True, help_text="Null where we do not know the name.")
    comment = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()

    def get_scientific_name(self, feedback: Any) -> str | None:
        return feedback.scientific_name or None


class PhotoSerializer(serializers.Serializer[Any]):
    position = serializers.IntegerField(min_value=1)
    organ = serializers.ChoiceField(choices=[organ.value for organ in Organ])
    url = serializers.SerializerMethodField(
        help_text="A JPEG, for whoever has this address, until `expires_at`. Needs no headers and no cookies."
    )
    width = serializers.IntegerField(allow_null=True, help_text="Pixels.")
    height = serializers.IntegerField(allow_null=True, help_text="Pixels.")
    expires_at = serializers.DateTimeField()

    def get_url(self, photo: Any) -> str:
        address: str = self.context["request"].build_absolute_uri(photo.path)
        return address


class PhotosSerializer(serializers.Serializer[Any]):
    photos = PhotoSerializer(many=True)
