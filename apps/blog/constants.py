"""Sizes the blog works with."""

POSTS_PER_PAGE = 12  # of the public list
WORDS_PER_MINUTE = 238  # adults, English prose: Brysbaert 2019, doi:10.1016/j.jml.2019.104047
INTRO_MAX_CHARS = 300  # what a card in a list and a search engine's summary can show

# Rendition specs. A list shows many pictures of one shape; a post shows one as wide as its text column.
CARD_RENDITION = "fill-640x400"
PICTURE_RENDITION = "max-1280x1280"
SMALL_PICTURE_RENDITION = "max-640x640"
SOCIAL_RENDITION = "fill-1200x630"  # what is shown where somebody shares the address
RENDITIONS = {
    "card": CARD_RENDITION,
    "small": SMALL_PICTURE_RENDITION,
    "large": PICTURE_RENDITION,
    "social": SOCIAL_RENDITION,
}
POSTS_ON_SPECIES_PAGE = 6
POSTS_IN_FEED = 20
FEED_KEPT_S = 300  # by those who ask for it again and again
PLANTS_PER_PAGE = 60
PLANTS_FOUND = 30
PLANT_QUERY_CHARS = 100
SITEMAP_PAGES = 5_000  # in one file
POPULAR_DAYS = 30
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

PREVIEW_S = 900  # how long a look at a draft in the web app may take
PREVIEW_SALT = "blog.preview"

WEBHOOK_DEADLINE_S = 10.0  # of one attempt to tell somebody that content has changed
WEBHOOK_REPLY_MAX_BYTES = 64_000  # nobody reads the reply
WEBHOOK_PAUSES_S = (10, 60, 300, 600, 1_800)  # between the attempts: after half an hour they have restarted

# --- Comments -----------------------------------------------------------------------------------------------
COMMENT_MAX_CHARS = 4_000
COMMENT_DEPTH_MAX = 3  # comment, reply, reply to that: deeper ones no phone can show
COMMENTS_UNTIL_TRUSTED = 2  # of one person published; until then each waits for a moderator
COMMENTS_WAITING_MAX = 10  # of one person, so that nobody can bury the moderators
COMMENT_EDIT_S = 900
COMMENT_UNDO_S = 600  # how long a deletion can be taken back
COMMENT_PERIOD_S = 3_600
COMMENTS_ON_PAGE = 100  # the first; apps show the rest
REPORT_NOTE_MAX_CHARS = 300
REPORTS_PER_COMMENT_MAX = 20  # a moderator needs no more to look
# What makes a comment wait; see services/spam.py
COMMENT_LINKS_MAX = 2
REPEATED_TEXT_MIN_CHARS = 30  # shorter ones, as “Thank you!”, many people say
REPEATED_WITHIN_S = 7 * 86_400
TOO_FAST_S = 15

# --- Newsletter ---------------------------------------------------------------------------------------------
CONSENT_VERSION = "2026-11"  # of the sentence in newsletter_confirm.html; a new sentence is a new version
NEWSLETTER_LINK_DAYS = 7  # unconfirmed addresses are forgotten after this
NEWSLETTER_LINKS_MAX = 3  # to one address while it is unconfirmed
NEWSLETTER_LINK_EVERY_S = 600
NEWSLETTER_PERIOD_S = 3_600
NEWSLETTER_MAILS_PER_RUN = 500  # of one issue; the rest comes with the next run
NEWSLETTER_BATCH = 50

# --- Views --------------------------------------------------------------------------------------------------
VIEW_AGAIN_AFTER_S = 1_800  # until then the same visitor of the same post is the same view
VIEWS_KEPT_DAYS = 400
POPULAR_DAYS_MAX = 365
