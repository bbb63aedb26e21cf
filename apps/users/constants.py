"""Every tunable number of this app, with its unit."""

from datetime import timedelta

USERNAME_MAX_LENGTH = 150
# Longer ones add nothing, and hashing megabytes would be a cheap way to keep the server busy.
PASSWORD_MAX_LENGTH = 128
GENERATED_USERNAME_PREFIX = "user-"

EMAIL_LINK_LIFETIME = timedelta(days=3)
EMAIL_LINK_SALT = "users.confirm-email"

SIGN_IN_PERIOD_S = 15 * 60
REGISTER_PERIOD_S = 60 * 60

# A reply can be lost on a bad network; within this time the same client may ask for it once more.
LOST_REPLY_GRACE = timedelta(seconds=60)
SESSIONS_PER_USER_MAX = 50  # the oldest go first

# Who has no password is asked to have signed in within this time before anything that cannot be undone.
RECENT_SIGN_IN = timedelta(minutes=15)

ACCESS_COOKIE = "access_token"
REFRESH_COOKIE = "refresh_token"
ACCESS_COOKIE_PATH = "/"
REFRESH_COOKIE_PATH = "/api/"

# Mails waiting to be sent. Beyond that they are dropped and logged: the person asks for another.
MAIL_QUEUE_MAX = 200

EXPORT_PERIOD_S = 24 * 3_600
EXPORT_LINK_S = 600  # how long the address of an export works; a new one is told whenever it is asked for
EXPORT_LINK_SALT = "users.export"

JWT_KEY_MIN_BYTES = 32  # RFC 7518: as long as the hash of HS256

VERIFICATION_MANDATORY = "mandatory"
VERIFICATION_OPTIONAL = "optional"
