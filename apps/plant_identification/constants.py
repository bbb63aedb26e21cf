"""Every tunable number of an identification, with its unit and its reason."""

# --- Providers: deadlines (s) -------------------------------------------------------------------------------
CONNECT_TIMEOUT_S = 5
PLANT_ID_API_TIMEOUT = 35  # s in total; Plant.id itself answers in about 1 s, the rest is upload on a bad day
PLANTNET_API_TIMEOUT = 20
FETCH_AGAIN_TIMEOUT_S = 10  # a reply that lies there is quick to fetch, and a new call still fits behind it
PROVIDER_REPLY_MAX_BYTES = 4_000_000  # the largest recorded reply is 30 kB

# --- Circuit breakers ---------------------------------------------------------------------------------------
PLANT_ID_CIRCUIT_NAME = "plant_id_api"
PLANT_ID_CIRCUIT_FAIL_MAX = 3  # consecutive failures; few, because each may cost a credit
PLANT_ID_CIRCUIT_RESET_TIMEOUT = 60  # s, the first open period
PLANT_ID_CIRCUIT_SUCCESS_THRESHOLD = 2
PLANT_ID_CIRCUIT_TIMEOUT = PLANT_ID_API_TIMEOUT
PLANTNET_CIRCUIT_NAME = "plantnet_api"
PLANTNET_CIRCUIT_FAIL_MAX = 5
PLANTNET_CIRCUIT_RESET_TIMEOUT = 30
PLANTNET_CIRCUIT_SUCCESS_THRESHOLD = 2
PLANTNET_CIRCUIT_TIMEOUT = PLANTNET_API_TIMEOUT
CIRCUIT_RESET_TIMEOUT_MAX_S = 300  # doubling of the open period stops here
KEY_REFUSED_PAUSE_S = 300  # a refused key is not tried again sooner
QUOTA_PAUSE_MAX_S = 3_600  # after a 429 that does not say when to come back: somebody may have bought credits

# --- Trefle: optional, slow, and asked in the background only -----------------------------------------------
TREFLE_API_TIMEOUT_S = 5  # each request; a species takes at most four
TREFLE_CIRCUIT_NAME = "trefle_api"
TREFLE_CIRCUIT_FAIL_MAX = 3
TREFLE_CIRCUIT_RESET_TIMEOUT = 60
TREFLE_TURN_S = 5  # a request waits so long for its turn; then its species is left for later
TREFLE_CIRCUIT_TIMEOUT = 4 * (TREFLE_API_TIMEOUT_S + TREFLE_TURN_S)
TREFLE_AT_ONCE, TREFLE_PER_MINUTE = 5, 50  # of 60 that the service allows: 5 + 50 fit into any minute
TREFLE_PAUSE_S = 60  # after a 429 that does not say how long
TREFLE_KEPT_S = 7 * 86_400  # then it is asked whether there is anything newer; its own max-age
TREFLE_UNKNOWN_S = 30 * 86_400  # what it does not know, it will not know tomorrow
TREFLE_RETRY_S, TREFLE_RETRY_MAX_S = 3_600, 7 * 86_400
TREFLE_CLAIM_S = 120  # longer than one species takes; one whose worker died is asked about again after this
TREFLE_BATCH = 20  # species in one run; the fleet's minute has room for more

# --- The language model: never in a request, and each call by an editor's wish ----------------------------
CARE_MODEL_TIMEOUT_S = 60  # in total; a text takes about ten
CARE_MODEL_REPLY_MAX_BYTES = 200_000
CARE_MODEL_MAX_TOKENS = 2_000  # of an answer
CARE_MODEL_RESERVED_TOKENS = 8_000  # a question with 40 facts, and its answer
CARE_MODEL_CIRCUIT_NAME = "care_model_api"
CARE_MODEL_CIRCUIT_FAIL_MAX = 3
CARE_MODEL_CIRCUIT_RESET_TIMEOUT = 120
CARE_MODEL_CLAIM_S = 180  # longer than one call; a text whose worker died is written again after this
CARE_MODEL_MONTHLY_CALLS = 200
CARE_MODEL_MONTHLY_TOKENS = 500_000

# --- Quota --------------------------------------------------------------------------------------------------
PLANT_ID_MONTHLY_QUOTA = 100  # credits; identification 1, health 1 more
PLANTNET_DAILY_QUOTA = 500  # requests, reset 00:00 UTC
QUOTA_USER_SHARE = 0.10  # of Pl@ntNet's day, and of what remains of Plant.id's month, per user and day
PLANT_ID_WARN_RATIO = 0.80
PLANTNET_WARN_RATIO = 0.90

# --- One request --------------------------------------------------------------------------------------------
IDENTIFY_DEADLINE_S = 38  # queueing included; above the slower provider's 35 s
IDENTIFY_GRACE_S = 3  # how long the free provider is awaited once the paid one is sure
IDENTIFY_GRACE_CONFIDENCE = 0.8
PLANT_ID_MAX_WORKERS = 32
PLANT_ID_MAX_QUEUE = 64
PLANTNET_MAX_WORKERS = 32
PLANTNET_MAX_QUEUE = 64
LEDGER_TURNS = 4  # calls of one process that are at the ledger at once; each takes a few milliseconds
LESSON_AFTER_S = 0.2  # so that its own answer has been told: threads take turns, and a lesson's are not short
UPLOADS_READ_AT_ONCE = 2  # in one process
UPLOAD_PATIENCE_S = 0.25  # some send slowly, and nobody waits long for them
MAX_PHOTOS = 5
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_REQUEST_BYTES = 30 * 1024 * 1024
COORDINATE_DECIMALS = 2  # about 1 km: enough for a flora, too coarse for a garden

# --- One's own records --------------------------------------------------------------------------------------
UNDO_DELETION_S = 600  # how long a deleted identification or plant can be taken back
PHOTO_ADDRESS_S = 600  # how long the address of a photo works
PLANTS_MAX = 5_000  # of one person: a botanical collector's, and no database of its own
COLLECTIONS_MAX = 300  # of one person

# --- Cache and single flight --------------------------------------------------------------------------------
CACHE_TIMEOUT_24_HOURS = 86_400
CACHE_PARTIAL_MAX_S = 300  # a partial answer is never served longer than this
STALE_ANSWER_MAX_AGE_S = 30 * 86_400
CACHE_LOCK_EXPIRE = 10  # s; a dead holder is replaced after this
CACHE_LOCK_RENEW_EVERY_S = 3
CACHE_LOCK_TIMEOUT = 40  # s; how long a waiter follows the holder
CACHE_LOCK_AUTO_RENEWAL = True
CACHE_LOCK_BLOCKING = True
CACHE_LOCK_ID_PREFIX = "plant_id"
SPECIES_ANSWERS = "species"  # the tag of answers that tell the encyclopedia
FAILURE_MARKER_S = 5  # waiters share the holder's failure this long

# --- Merging ------------------------------------------------------------------------------------------------
EDIBLE_MIN_CONFIDENCE = 0.9  # below this no edible part is named in the headline
TOXICITY_MIN_CONFIDENCE = 0.05  # from here on a candidate's toxicity is said

# --- Choices a caller has -----------------------------------------------------------------------------------
# Floras of Pl@ntNet that its documentation names; others would answer 404 and look like our mistake.
PLANTNET_PROJECTS = ("all", "k-world-flora", "k-middle-europe", "useful", "weeds")
# ISO 639-1. Both services know most of these; where one does not it answers in English.
LANGUAGES = (
    "ar", "be", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa",
    "fi", "fr", "gl", "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka",
    "kn", "ko", "lt", "lv", "ml", "mr", "ms", "mt", "nb", "nl", "no", "pa", "pl", "pt",
    "ro", "ru", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tl", "tr", "uk",
    "ur", "vi", "zh",
)  # fmt: skip
