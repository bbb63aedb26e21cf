"""The web app that shows what editors write, if there is one."""

from plant_community_backend.settings.env import env, names

# Where the editors' preview leads to. Empty: there is no such preview.
HEADLESS_PREVIEW_URL = env.str("HEADLESS_PREVIEW_URL", default="")
# Who is told when content changes, and the secret these messages are signed with. Empty: nobody.
CONTENT_WEBHOOK_URLS = names("CONTENT_WEBHOOK_URLS")
CONTENT_WEBHOOK_SECRET = env.str("CONTENT_WEBHOOK_SECRET", default="")
