"""The outside services, what may be taken from them, and how often somebody may do a thing."""

from apps.plant_identification import constants
from plant_community_backend.settings.env import env

PLANT_ID_API_KEY = env.str("PLANT_ID_API_KEY", default="")
PLANTNET_API_KEY = env.str("PLANTNET_API_KEY", default="")
PLANT_ID_BASE_URL = env.str("PLANT_ID_BASE_URL", default="https://plant.id/api/v3")
PLANTNET_BASE_URL = env.str("PLANTNET_BASE_URL", default="https://my-api.plantnet.org/v2")
PROVIDER_SANDBOX = env.bool("PROVIDER_SANDBOX", default=False)  # the two addresses are the sandbox's
TREFLE_API_KEY = env.str("TREFLE_API_KEY", default="")  # empty: nobody is asked
TREFLE_BASE_URL = env.str("TREFLE_BASE_URL", default="https://trefle.io/api/v1")
CARE_MODEL_API_KEY = env.str("CARE_MODEL_API_KEY", default="")  # empty: there is none
CARE_MODEL_BASE_URL = env.str("CARE_MODEL_BASE_URL", default="https://api.openai.com/v1")
CARE_MODEL_NAME = env.str("CARE_MODEL_NAME", default="gpt-4o-mini")
CARE_MODEL_MONTHLY_CALLS = env.int("CARE_MODEL_MONTHLY_CALLS", default=constants.CARE_MODEL_MONTHLY_CALLS)
CARE_MODEL_MONTHLY_TOKENS = env.int("CARE_MODEL_MONTHLY_TOKENS", default=constants.CARE_MODEL_MONTHLY_TOKENS)
PLANT_ID_MONTHLY_QUOTA = env.int("PLANT_ID_MONTHLY_QUOTA", default=constants.PLANT_ID_MONTHLY_QUOTA)
PLANTNET_DAILY_QUOTA = env.int("PLANTNET_DAILY_QUOTA", default=constants.PLANTNET_DAILY_QUOTA)
QUOTA_USER_SHARE = env.float("QUOTA_USER_SHARE", default=constants.QUOTA_USER_SHARE)

# --- Limits (identifications an hour; uploads and sign-ins as named) ----------------------------------------
RATELIMIT_USE_CACHE = "default"
RATELIMIT_FAIL_OPEN = True  # without Redis the limiter itself counts in the process: apps/core/api/limits.py
IDENTIFY_RATE_ANONYMOUS = env.int("IDENTIFY_RATE_ANONYMOUS", default=10)  # one bucket for all of them
IDENTIFY_RATE_FREE = env.int("IDENTIFY_RATE_FREE", default=100)
IDENTIFY_RATE_PREMIUM = env.int("IDENTIFY_RATE_PREMIUM", default=500)
IDENTIFY_RATE_PRO = env.int("IDENTIFY_RATE_PRO", default=200)
IDENTIFY_RATE_ENTERPRISE = env.int("IDENTIFY_RATE_ENTERPRISE", default=1_000)
REFUSED_UPLOAD_RATE = env.int("REFUSED_UPLOAD_RATE", default=60)  # per address and hour
SIGN_IN_RATE = env.int("SIGN_IN_RATE", default=5)  # per address and account in 15 min
OAUTH_RATE = env.int("OAUTH_RATE", default=60)  # per address in 15 min; a visit to Google takes three
API_KEY_RATE = env.int("API_KEY_RATE", default=120)  # per key and minute
SECOND_FACTOR_RATE = env.int("SECOND_FACTOR_RATE", default=5)  # codes, likewise
REGISTER_RATE = env.int("REGISTER_RATE", default=3)  # per address and account in an hour
PASSWORD_RESET_RATE = env.int("PASSWORD_RESET_RATE", default=3)  # likewise
PUBLIC_ANSWERS_KEPT_S = env.int("PUBLIC_ANSWERS_KEPT_S", default=30)  # species and content; 0: never
WS_TICKET_RATE = env.int("WS_TICKET_RATE", default=30)  # per person and minute
CONTENT_RATE = env.int("CONTENT_RATE", default=1_200)  # content API, per address and minute
COMMENT_RATE = env.int("COMMENT_RATE", default=20)  # below posts, per person and hour; reports likewise
NEWSLETTER_RATE = env.int("NEWSLETTER_RATE", default=5)  # sign-ups, per address and hour
POST_VIEW_RATE = env.int("POST_VIEW_RATE", default=60)  # posts opened, per address and minute
CSP_REPORT_RATE = env.int("CSP_REPORT_RATE", default=60)  # browsers' reports, per address and minute
