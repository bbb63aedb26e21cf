"""The troubles the sandbox knows. The first three names stand in the vendor's samples; the texts are ours."""

from dataclasses import dataclass

from provider_sandbox.wire import stable_id

MARK = "Sandbox text: "


@dataclass(frozen=True, slots=True)
class Disease:
    name: str
    description: str
    classification: tuple[str, ...]
    question: str
    prevention: tuple[str, ...]
    biological: tuple[str, ...] = ()
    chemical: tuple[str, ...] = ()

    @property
    def entity_id(self) -> str:
        return stable_id(f"disease:{self.name}", 16)

    @property
    def treatment(self) -> dict[str, list[str]]:
        """Without the keys that have nothing to say, as the service leaves them out."""
        parts = {"biological": self.biological, "chemical": self.chemical, "prevention": self.prevention}
        return {key: [MARK + text for text in texts] for key, texts in parts.items() if texts}


DISEASES = (
    Disease(
        name="water excess or uneven watering",
        description="The roots stand in too much water, or in too much and too little by turns.",
        classification=("Abiotic", "Water-related issue"),
        question="Is the soil still wet several days after watering?",
        prevention=("Let the top of the soil dry before watering again.", "Use a pot with a drain hole."),
        biological=("Repot into fresh, well-drained soil and cut away soft roots.",),
    ),
    Disease(
        name="mechanical damage",
        description="Leaves or stems were bent, torn or rubbed.",
        classification=("Abiotic", "Mechanical damage"),
        question="Was the plant moved or knocked over lately?",
        prevention=("Keep the plant where nobody brushes against it.",),
        biological=("Cut away broken parts with a clean blade.",),
    ),
    Disease(
        name="senescence",
        description="Old leaves end their life; this is normal ageing.",
        classification=("Abiotic", "Senescence"),
        question="Are only the oldest leaves affected?",
        prevention=("Nothing needs to be done; remove dry leaves.",),
    ),
    Disease(
        name="nutrient deficiency",
        description="The plant lacks one or more minerals.",
        classification=("Abiotic", "Nutrient-related issue"),
        question="Has the plant gone without fertiliser for more than a season?",
        prevention=("Feed lightly during the growing season.",),
        chemical=("Give a balanced fertiliser at the strength its label names.",),
    ),
    Disease(
        name="lack of light",
        description="The place is too dark for this plant.",
        classification=("Abiotic", "Light-related issue"),
        question="Are new shoots long, thin and pale?",
        prevention=("Move the plant closer to a window.",),
    ),
    Disease(
        name="Fungi",
        description="A fungus grows on or in the plant.",
        classification=("Biotic", "Fungi"),
        question="Do you see a coating or spots with a ring around them?",
        prevention=("Keep leaves dry and let air move between plants.",),
        biological=("Remove affected leaves and throw them away, not on the compost.",),
        chemical=("If it spreads, use a fungicide that is permitted for this plant.",),
    ),
    Disease(
        name="Insecta",
        description="Insects feed on the plant.",
        classification=("Biotic", "Animalia", "Insecta"),
        question="Do you find small insects on the underside of the leaves?",
        prevention=("Look at new plants for a few days before placing them with others.",),
        biological=("Wipe or rinse the insects off; repeat after a week.",),
    ),
)
BY_NAME = {disease.name: disease for disease in DISEASES}
