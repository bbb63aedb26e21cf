from django.db import models

from apps.core.models import TimestampedModel


class PhotoFingerprint(TimestampedModel):
    """How an answer's photo looks, for as long as the answer may be told about another that looks the same.

    Only photos that were asked about are in here, never those that were answered from another's fingerprint.
    """

    answer = models.OneToOneField(
        "plant_identification.IdentificationAnswer", on_delete=models.CASCADE, related_name="fingerprint"
    )
    scope = models.BigIntegerField(help_text="64 bits of a sha256 over services, their versions and options")
    hash = models.BigIntegerField(help_text="perceptual, 63 bits")
    # The hash in four pieces: of two that differ in three bits one piece is the same.
    piece_0 = models.IntegerField()
    piece_1 = models.IntegerField()
    piece_2 = models.IntegerField()
    piece_3 = models.IntegerField()
    layout = models.BinaryField(help_text="mean colours of a coarse grid")
    answered_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["scope", "piece_0"], name="fingerprint_by_piece_0"),
            models.Index(fields=["scope", "piece_1"], name="fingerprint_by_piece_1"),
            models.Index(fields=["scope", "piece_2"], name="fingerprint_by_piece_2"),
            models.Index(fields=["scope", "piece_3"], name="fingerprint_by_piece_3"),
            models.Index(fields=["answered_at"], name="fingerprint_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.hash:016x}"
