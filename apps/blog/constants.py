"""Sizes the blog works with."""

POSTS_PER_PAGE = 12  # of the public list
WORDS_PER_MINUTE = 238  # adults, English prose: Brysbaert 2019, doi:10.1016/j.jml.2019.104047
INTRO_MAX_CHARS = 300  # what a card in a list and a search engine's summary can show

# Rendition specs. A list shows many pictures of one shape; a post shows one as wide as its text column.
CARD_RENDITION = "fill-640x400"
PICTURE_RENDITION = "max-1280x1280"
SMALL_PICTURE_RENDITION = "max-640x640"
GALLERY_MAX_PICTURES = 12
RELATED_MAX_POSTS = 6

# Formatting an editor may use inside a paragraph. No embeds and no pictures: those bring foreign scripts and
# frames, or lose their alternative text and credit.
PARAGRAPH_FEATURES = ["bold", "italic", "link", "document-link", "ol", "ul"]
NOTE_FEATURES = ["bold", "italic", "link"]

CODE_LANGUAGES = [
    ("text", "Plain text"),
    ("bash", "Shell"),
    ("css", "CSS"),
    ("dart", "Dart"),
    ("html", "HTML"),
    ("javascript", "JavaScript"),
    ("json", "JSON"),
    ("python", "Python"),
    ("sql", "SQL"),
]

# What a care card tells of a species, in this order. Everything else that is known stands on its page.
# Where there are two fields, they are the ends of a range.
CARE_FIELDS = {
    "Light": ("light",),
    "Water": ("watering",),
    "Drought tolerance": ("drought_tolerance",),
    "Frost tolerance": ("frost_tolerance",),
    "Hardiness zone": ("hardiness_zone_min", "hardiness_zone_max"),
    "Soil": ("soil",),
    "Soil pH": ("soil_ph_min", "soil_ph_max"),
    "Height": ("height_min", "height_max"),
    "Height when grown": ("height_mature",),
    "Width": ("spread_min", "spread_max"),
    "Growth": ("growth_rate",),
    "In flower": ("bloom_period",),
}
UNIT_WORDS = {"in": "inches", "USDA zone": "(USDA)", "pH": ""}

CONTENT = "content"  # the tag of answers that tell what is published
