"""Who may do what: one line for each operation of the API. An operation without a line fails the matrix.

The numbers are what each of these is answered:

    owner        signed in, and the thing is theirs
    stranger     signed in, and it is not
    anonymous    nobody
    key          the owner's, with the scope that is needed
    other key    the owner's, with every scope but that one
    expired key  the owner's, with every scope, until a moment ago

`scope` None is an operation no key opens: both keys are told 403 there, unless nobody looks at who asks.
"""

from dataclasses import dataclass
from typing import Any

IDENTIFY, READ, WRITE = "identify", "read", "write"


@dataclass(frozen=True, slots=True)
class Rule:
    owner: int
    stranger: int
    anonymous: int
    key: int
    other_key: int
    expired_key: int
    scope: str | None
    body: Any
    form: str


def everybody(status: int, *, body: Any = None) -> Rule:
    """Nobody looks at who asks, so that a key changes nothing."""
    return Rule(status, status, status, status, status, status, None, body, "json")


def readers(status: int) -> Rule:
    """Public, and open to keys, which have to be good ones."""
    return Rule(status, status, status, status, 403, 401, READ, None, "json")


def each_their_own(status: int, scope: str, *, body: Any = None, form: str = "json") -> Rule:
    return Rule(status, status, 401, status, 403, 401, scope, body, form)


def owner_alone(status: int, scope: str, *, anonymous: int = 401, body: Any = None) -> Rule:
    """404 and not 403: whether the thing exists is nobody's business."""
    return Rule(status, 404, anonymous, status, 403, 401, scope, body, "json")


def account(status: int, *, stranger: int | None = None, body: Any = None) -> Rule:
    """The account itself: no key opens it, whatever it may do."""
    return Rule(status, status if stranger is None else stranger, 401, 403, 403, 401, None, body, "json")


def staff_alone() -> Rule:
    """The operators' own: neither the owner here nor the stranger is one."""
    return Rule(403, 403, 401, 403, 403, 401, None, None, "json")


# It tells those it does not know what it tells everybody.
HEALTH = Rule(200, 200, 200, 200, 200, 200, READ, None, "json")
# A record that was made without signing in is found by its id without signing in: 404 is all others learn.
RECORD: dict[str, Any] = {"anonymous": 404}

RULES: dict[str, Rule] = {
    # --- Signing in, with nothing in the body: refused, if not for the missing CSRF token before ---
    "get /api/v1/auth/csrf/": everybody(200),
    "post /api/v1/auth/email/resend/": everybody(400),
    "post /api/v1/auth/email/verify/": everybody(400),
    "post /api/v1/auth/login/": everybody(403),
    "post /api/v1/auth/logout/": everybody(204),
    "post /api/v1/auth/mfa/verify/": everybody(400),
    "post /api/v1/auth/password/reset/": everybody(400),
    "post /api/v1/auth/password/reset/confirm/": everybody(400),
    "post /api/v1/auth/register/": everybody(403),
    "post /api/v1/auth/token/": everybody(400),
    "post /api/v1/auth/token/refresh/": everybody(403),
    "post /api/v1/auth/token/verify/": everybody(400),
    # Google is not configured here, so there is nothing.
    "get /api/v1/auth/oauth/google/login/": everybody(404),
    "get /api/v1/auth/oauth/google/callback/": everybody(404),
    "post /api/v1/auth/oauth/google/callback/": everybody(404),
    # --- The account ---
    "get /api/v1/auth/user/": account(200),
    "patch /api/v1/auth/user/update/": account(200, body={"first_name": "Rosa"}),
    # Let in without the password that is asked for once more, and told so.
    "post /api/v1/auth/password/change/": account(400),
    "get /api/v1/auth/sessions/": account(200),
    "delete /api/v1/auth/sessions/": account(204),
    "delete /api/v1/auth/sessions/{session_id}/": account(204, stranger=404),
    "get /api/v1/auth/mfa/": account(200),
    "post /api/v1/auth/mfa/recovery-codes/": account(400),
    "post /api/v1/auth/mfa/totp/": account(400),
    "post /api/v1/auth/mfa/totp/confirm/": account(400),
    "post /api/v1/auth/mfa/totp/remove/": account(400),
    "delete /api/v1/auth/me/": account(400),
    "get /api/v1/auth/me/export/": account(404),
    "post /api/v1/auth/me/export/": account(202),
    # Only its signed address leads to the file, whoever has that; this one has no signature.
    "get /api/v1/auth/me/export/{export_id}/file/": everybody(404),
    "get /api/v1/auth/me/security-events/": account(200),
    "post /api/v1/auth/ws-ticket/": account(201),
    "get /api/v1/auth/api-keys/": account(200),
    "post /api/v1/auth/api-keys/": account(201, body={"name": "Script", "scopes": ["read"]}),
    "get /api/v1/auth/api-keys/{key_id}/": account(200, stranger=404),
    "delete /api/v1/auth/api-keys/{key_id}/": account(204, stranger=404),
    "post /api/v1/auth/api-keys/{key_id}/rotate/": account(200, stranger=404),
    # Browsers report here, and are told nothing.
    "post /api/v1/security/csp-report/": everybody(204),
    # --- Identifying, and one's identifications ---
    "get /api/v1/meta/": everybody(200),
    "get /api/v1/plant-identification/health/": HEALTH,
    "get /api/v1/plant-identification/identify/health/": HEALTH,
    "get /api/v1/plant-identification/status/": HEALTH,
    # Let in without a photo, and told so.
    "post /api/v1/plant-identification/identify/": each_their_own(400, IDENTIFY, form="multipart"),
    "get /api/v1/plant-identification/quota/": each_their_own(200, READ),
    "get /api/v1/plant-identification/history/": each_their_own(200, READ),
    "get /api/v1/plant-identification/requests/": each_their_own(200, READ),
    "get /api/v1/plant-identification/requests/{request_id}/": owner_alone(200, READ, **RECORD),
    "delete /api/v1/plant-identification/requests/{request_id}/": owner_alone(204, WRITE, **RECORD),
    "post /api/v1/plant-identification/requests/{request_id}/restore/": owner_alone(200, WRITE, **RECORD),
    "get /api/v1/plant-identification/requests/{request_id}/feedback/": owner_alone(200, READ, **RECORD),
    "put /api/v1/plant-identification/requests/{request_id}/feedback/": owner_alone(
        200, WRITE, **RECORD, body={"verdict": "right"}
    ),
    "delete /api/v1/plant-identification/requests/{request_id}/feedback/": owner_alone(204, WRITE, **RECORD),
    "get /api/v1/plant-identification/requests/{request_id}/photo/": owner_alone(200, READ, **RECORD),
    # Only its signed address leads to a photo, whoever has that; this one has no signature.
    "get /api/v1/plant-identification/requests/{request_id}/photo/{position}/": everybody(404),
    # --- Experiments and models ---
    "get /api/v1/plant-identification/experiments/": staff_alone(),
    "get /api/v1/plant-identification/experiments/{experiment_id}/report/": staff_alone(),
    "get /api/v1/plant-identification/models/report/": staff_alone(),
    # --- Plants and collections ---
    "get /api/v1/plant-identification/plants/": each_their_own(200, READ),
    "post /api/v1/plant-identification/plants/": each_their_own(201, WRITE, body={"nickname": "Ivy"}),
    "get /api/v1/plant-identification/plants/{plant_id}/": owner_alone(200, READ),
    "patch /api/v1/plant-identification/plants/{plant_id}/": owner_alone(
        200, WRITE, body={"nickname": "Mine"}
    ),
    "delete /api/v1/plant-identification/plants/{plant_id}/": owner_alone(204, WRITE),
    "post /api/v1/plant-identification/plants/{plant_id}/restore/": owner_alone(200, WRITE),
    "get /api/v1/users/collections/": each_their_own(200, READ),
    "post /api/v1/users/collections/": each_their_own(201, WRITE, body={"name": "Window sill"}),
    "get /api/v1/users/collections/{collection_id}/": owner_alone(200, READ),
    "patch /api/v1/users/collections/{collection_id}/": owner_alone(200, WRITE, body={"name": "Balcony"}),
    "delete /api/v1/users/collections/{collection_id}/": owner_alone(204, WRITE),
    # --- The encyclopedia ---
    "get /api/v1/plant-identification/species/": readers(200),
    "get /api/v1/plant-identification/species/{species_id}/": readers(200),
    "get /api/v1/plant-identification/species/{species_id}/care/": readers(200),
    "get /api/v1/plant-identification/search/species/": readers(200),
    # --- The blog's readers ---
    "get /api/v1/blog/posts/": readers(200),
    "get /api/v1/blog/posts/{post}/": readers(200),
    "get /api/v1/blog/categories/": readers(200),
    "get /api/v1/blog/series/": readers(200),
    "get /api/v1/blog/series/{slug}/": readers(200),
    "get /api/v1/blog/posts/{post_id}/comments/": readers(200),
    "post /api/v1/blog/posts/{post_id}/comments/": each_their_own(201, WRITE, body={"text": "Mine, too."}),
    "post /api/v1/blog/posts/{post_id}/views/": everybody(204),
    "get /api/v1/blog/comments/{comment_id}/": readers(200),
    "patch /api/v1/blog/comments/{comment_id}/": owner_alone(200, WRITE, body={"text": "Two, even."}),
    "delete /api/v1/blog/comments/{comment_id}/": owner_alone(204, WRITE),
    "post /api/v1/blog/comments/{comment_id}/restore/": owner_alone(200, WRITE),
    # Nobody reports a comment of their own.
    "post /api/v1/blog/comments/{comment_id}/report/": Rule(
        409, 204, 401, 403, 403, 401, None, {"reason": "other"}, "json"
    ),
    "post /api/v1/blog/newsletter/": everybody(202, body={"email": "rosa@example.org"}),
    # The mailbox decides, by what was sent to it.
    "post /api/v1/blog/newsletter/confirm/": everybody(400),
    "post /api/v1/blog/newsletter/unsubscribe/": everybody(400),
    # --- Content: a find for nothing finds nothing, and there are no pictures and files in this world ---
    "get /api/v2/authors/": everybody(200),
    "get /api/v2/authors/{id}/": everybody(404),
    "get /api/v2/authors/find/": everybody(404),
    "get /api/v2/blog-posts/": everybody(200),
    "get /api/v2/blog-posts/{id}/": everybody(200),
    "get /api/v2/blog-posts/find/": everybody(404),
    "get /api/v2/blog-posts/popular/": everybody(200),
    "get /api/v2/categories/": everybody(200),
    "get /api/v2/categories/{id}/": everybody(404),
    "get /api/v2/categories/find/": everybody(404),
    "get /api/v2/documents/": everybody(200),
    "get /api/v2/documents/{id}/": everybody(404),
    "get /api/v2/documents/find/": everybody(404),
    "get /api/v2/images/": everybody(200),
    "get /api/v2/images/{id}/": everybody(404),
    "get /api/v2/images/find/": everybody(404),
    "get /api/v2/pages/": everybody(200),
    "get /api/v2/pages/{id}/": everybody(200),
    "get /api/v2/pages/find/": everybody(404),
    # Without the token of a preview there is none.
    "get /api/v2/preview/": everybody(400),
    "get /api/v2/series/": everybody(200),
    "get /api/v2/series/{id}/": everybody(404),
    "get /api/v2/series/find/": everybody(404),
    "get /api/v2/species/": everybody(200),
    "get /api/v2/species/{id}/": everybody(404),
    "get /api/v2/species/find/": everybody(404),
}
# What an operation cannot be called without, and is no part of its path.
QUERIES = {"get /api/v1/plant-identification/search/species/": "?q=ficus"}
