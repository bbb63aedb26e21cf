"""Sizes the blog works with."""

POSTS_PER_PAGE = 12  # of the public list
WORDS_PER_MINUTE = 238  # adults, English prose: Brysbaert 2019, doi:10.1016/j.jml.2019.104047
INTRO_MAX_CHARS = 300  # what a card in a list and a search engine's summary can show

# Rendition specs. A list shows many pictures of one shape; a post shows one as wide as its text column.
CARD_RENDITION = "fill-640x400"
PICTURE_RENDITION = "max-1280x1280"

# Formatting an editor may use inside a paragraph. No embeds and no pictures: those bring foreign scripts and
# frames, or lose their alternative text and credit.
PARAGRAPH_FEATURES = ["bold", "italic", "link", "document-link", "ol", "ul"]

CONTENT = "content"  # the tag of answers that tell what is published
