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

API_KEY_MARK = "pck"  # of "plant community key": tells people, and programs that look for leaked ones
API_KEY_PREFIX_CHARS = 12
API_KEY_SECRET_CHARS = 43  # letters and digits: 256 bits
API_KEYS_PER_USER_MAX = 20  # expired ones among them, until they are deleted
API_KEY_DAYS = 90
API_KEY_DAYS_MAX = 366
API_KEY_ROTATION_GRACE = timedelta(hours=1)  # to bring a new secret to wherever the old one is used
API_KEY_USE_NOTED_EVERY = timedelta(minutes=1)
API_KEY_PERIOD_S = 60

CLIENT_NAME_MAX_LENGTH = 64

# Devices known to one account: the least recently used go first.
KNOWN_DEVICES_MAX = 10
DEVICE_LIFETIME = timedelta(days=180)
DEVICE_TOKEN_MAX_LENGTH = 100
DEVICE_COOKIE = "device"
DEVICE_HEADER = "X-Device-Token"

# Between the password and the code.
SECOND_FACTOR_TICKET_LIFETIME = timedelta(minutes=5)
SECOND_FACTOR_TICKET_SALT = "users.second-factor"

ACCESS_COOKIE = "access_token"
REFRESH_COOKIE = "refresh_token"
ACCESS_COOKIE_PATH = "/"
REFRESH_COOKIE_PATH = "/api/"

# Mails waiting to be sent. Beyond that they are dropped and logged: the person asks for another.
MAIL_QUEUE_MAX = 200

JWT_KEY_MIN_BYTES = 32  # RFC 7518: as long as the hash of HS256

VERIFICATION_MANDATORY = "mandatory"
VERIFICATION_OPTIONAL = "optional"
