"""How readers take part in the blog."""

from plant_community_backend.settings.env import env, names

COMMENTS_OPEN_DAYS = env.int("COMMENTS_OPEN_DAYS", default=0)  # after a post was published; 0: always
COMMENT_BLOCKED_WORDS = names("COMMENT_BLOCKED_WORDS")
NEWSLETTER_CONFIRM_URL = env.str("NEWSLETTER_CONFIRM_URL", default="")  # empty: a page of our own
NEWSLETTER_UNSUBSCRIBE_URL = env.str("NEWSLETTER_UNSUBSCRIBE_URL", default="")
