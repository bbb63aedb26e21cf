"""Every tunable number of this app, with its unit."""

from datetime import timedelta

USERNAME_MAX_LENGTH = 150
# Longer ones add nothing, and hashing megabytes would be a cheap way to keep the server busy.
PASSWORD_MAX_LENGTH = 128
# Have I Been Pwned usually answers within 0.1 s, with 40 kB.
BREACHES_DEADLINE_S = 1.5
BREACHES_WAIT_S = 2.0  # with the time in the queue, and for the name
BREACHES_LEFT_ALONE_S = 30.0  # after a failure
BREACHES_MAX_BYTES = 200_000
BREACHES_CACHED_S = 24 * 3_600
GENERATED_USERNAME_PREFIX = "user-"

EMAIL_LINK_LIFETIME = timedelta(days=3)
EMAIL_LINK_SALT = "users.confirm-email"

SIGN_IN_PERIOD_S = 15 * 60
REGISTER_PERIOD_S = 60 * 60

# Once there were too many attempts, one is let through after this time, the next after twice as long.
FIRST_DELAY_S = 30
# Counts of attempts that are kept; beyond that those that would be over soonest go.
ATTEMPT_COUNTS_MAX = 100_000
ATTEMPTS_SALT = "users.attempts"

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

RESET_LINK_LIFETIME = timedelta(hours=1)
RESET_LINK_SALT = "users.reset-password"

# An authenticator app that was offered and has to show its first code.
OFFER_LIFETIME = timedelta(minutes=10)
CODE_PERIOD_S = 30
CODE_DIGITS = 6
CODE_STEPS_EITHER_SIDE = 1  # how far clocks may differ
CODE_MAX_LENGTH = 40
RECOVERY_CODES = 10
RECOVERY_CODE_CHARS = 16  # of 32 different ones: 80 bits, beyond guessing even for who has the digests

# Between the password and the code.
SECOND_FACTOR_TICKET_LIFETIME = timedelta(minutes=5)
SECOND_FACTOR_TICKET_SALT = "users.second-factor"
TICKET_LIFETIME = timedelta(seconds=30)  # from asking for it to opening a WebSocket with it
TICKETS_PERIOD_S = 60

GOOGLE = "google"
OPENID_TIMEOUT_S = 8.0  # for all calls of one step together
OPENID_CONNECT_TIMEOUT_S = 3.0
OPENID_REPLY_MAX_BYTES = 100_000
OPENID_DOCUMENTS_LIFETIME_S = 3_600
OPENID_KEYS_AGAIN_AFTER_S = 30
OPENID_CLOCK_SKEW_S = 10
OPENID_RETRY_AFTER_S = 10
OAUTH_PERIOD_S = 15 * 60
OAUTH_COOKIE = "oauth_attempt"
OAUTH_COOKIE_PATH = "/api/"
OAUTH_ATTEMPT_LIFETIME = timedelta(minutes=10)  # to choose an account at Google, and remember a password
OAUTH_CODE_LIFETIME = timedelta(minutes=2)
OAUTH_ATTEMPTS_MAX = 10_000
OAUTH_BUSY_RETRY_AFTER_S = 30

# Who has no password is asked to have signed in within this time before anything that cannot be undone.
RECENT_SIGN_IN = timedelta(minutes=15)

ACCESS_COOKIE = "access_token"
REFRESH_COOKIE = "refresh_token"
ACCESS_COOKIE_PATH = "/"
REFRESH_COOKIE_PATH = "/api/"

EXPORT_PERIOD_S = 24 * 3_600
EXPORT_LINK_S = 600  # how long the address of an export works; a new one is told whenever it is asked for
EXPORT_LINK_SALT = "users.export"

JWT_KEY_MIN_BYTES = 32  # RFC 7518: as long as the hash of HS256

VERIFICATION_MANDATORY = "mandatory"
VERIFICATION_OPTIONAL = "optional"
