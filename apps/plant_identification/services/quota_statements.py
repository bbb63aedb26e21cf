"""The ledger's statements that every bought reply runs, in SQL.

Django builds a query anew each time it is asked; for these few that took 9 of the 34 ms of processor time
between a photo's arrival and its two calls outside, ten times what they take as text. What is rarer
goes through the ORM. PostgreSQL and SQLite both understand them.
"""

from datetime import date, datetime
from typing import Any

from django.db import connection

# `part` of what the others left, or `most`. The figures of the rest come from one snapshot, and the share's
# own is not the updated row's: that may be newer than the window's by calls of the same principal, which
# would count as gains.
_RAISE_SHARE = """
UPDATE plant_identification_quotashare SET used = used + %(cost)s
WHERE account = %(account)s AND principal = %(principal)s AND day = %(day)s
AND (used <= %(most)s - %(cost)s OR used <= %(part)s * (
    %(limit)s
    - COALESCE((
        SELECT CASE WHEN used < %(limit)s THEN used ELSE %(limit)s END FROM plant_identification_quotawindow
        WHERE account = %(account)s AND starts_on = %(starts_on)s
    ), 0)
    + COALESCE((
        SELECT used FROM plant_identification_quotashare
        WHERE account = %(account)s AND principal = %(principal)s AND day = %(day)s
    ), 0)
) - %(cost)s)
"""
_RAISE_WINDOW = """
UPDATE plant_identification_quotawindow SET used = used + %(cost)s
WHERE account = %(account)s AND starts_on = %(starts_on)s AND used <= %(limit)s - %(cost)s
"""
_INSERT_RESERVATION = """
INSERT INTO plant_identification_quotareservation
    (account, window_starts_on, principal, day, question_key, with_health, cost,
     state, access_token, created_at)
SELECT %(account)s, %(starts_on)s, %(principal)s, %(day)s, %(question_key)s, %(with_health)s, %(cost)s,
    'reserved', '', %(created_at)s
"""
_WRITE_RESERVATION = f"{_INSERT_RESERVATION} RETURNING id"
_FIND_PAST_CALL = """
SELECT id, with_health, access_token, state FROM plant_identification_quotareservation
WHERE account = %(account)s AND question_key = %(question_key)s AND (with_health OR NOT %(with_health)s)
    AND (state = 'answered' AND access_token <> '' AND created_at > %(kept_since)s
        OR state IN ('reserved', 'unknown') AND created_at > %(lost_since)s)
ORDER BY id DESC LIMIT 1
"""
# Each part waits for the one before it: nothing is reserved where there is a past call, the window's row is
# locked last, and what is written was taken. All see one snapshot; a row somebody else has changed since is
# judged anew by its own figure.
_FIND_OR_RESERVE = f"""
WITH past AS ({_FIND_PAST_CALL}),
share AS (
    {_RAISE_SHARE}
    AND NOT EXISTS (SELECT 1 FROM past)
    AND EXISTS (
        SELECT 1 FROM plant_identification_quotawindow
        WHERE account = %(account)s AND starts_on = %(starts_on)s AND used <= %(limit)s - %(cost)s
    )
    RETURNING id
),
call_window AS ({_RAISE_WINDOW} AND EXISTS (SELECT 1 FROM share) RETURNING id),
written AS ({_INSERT_RESERVATION} FROM call_window RETURNING id)
SELECT (SELECT id FROM written), (SELECT id FROM share), past.*
FROM (SELECT 1) AS always LEFT JOIN past ON TRUE
"""  # noqa: S608 - made of the statements above
_LOWER_SHARE = "UPDATE plant_identification_quotashare SET used = used - %(cost)s WHERE id = %(share)s"
_SETTLE_ANSWERED = """
UPDATE plant_identification_quotareservation
SET state = 'answered', access_token = %(access_token)s, settled_at = %(settled_at)s WHERE id = %(id)s
"""
_FIND_WINDOW_BEHIND = """
SELECT starts_on, used_in_truth FROM (
    SELECT starts_on, used, %(known_used)s + COALESCE((
        SELECT SUM(cost) FROM plant_identification_quotareservation
        WHERE account = %(account)s AND window_starts_on = call_window.starts_on
            AND state = 'reserved' AND created_at > %(under_way_since)s AND id <> %(id)s
    ), 0) AS used_in_truth
    FROM plant_identification_quotawindow AS call_window
    WHERE account = %(account)s AND starts_on = (
        SELECT window_starts_on FROM plant_identification_quotareservation WHERE id = %(id)s
    )
) AS found
WHERE used < used_in_truth
"""
# Where nothing was said, `known_used` is NULL, and no window is behind that.
_SETTLE_UNLESS_BEHIND = f"{_SETTLE_ANSWERED} AND NOT EXISTS ({_FIND_WINDOW_BEHIND})"


PastRow = tuple[int, bool, str, str]
"""Its number, whether health was asked for, the token that fetches it, and its state."""


def raise_share(values: dict[str, Any]) -> bool:
    """False where the share is missing, or both `most` and `part` of the rest would be exceeded."""
    return _changed_one(_RAISE_SHARE, values)


def raise_window(values: dict[str, Any]) -> bool:
    """False where the window is missing, or `limit` would be exceeded."""
    return _changed_one(_RAISE_WINDOW, values)


def write_reservation(values: dict[str, Any]) -> int:
    """Its number."""
    row = _first_row(_WRITE_RESERVATION, values)
    return int(row[0])


def settle_answered(values: dict[str, Any]) -> None:
    _changed_one(_SETTLE_ANSWERED, values)


def settle_unless_behind(values: dict[str, Any]) -> bool:
    """False, and nothing done, where the call's window knows of less use than its reply."""
    return _changed_one(_SETTLE_UNLESS_BEHIND, values)


def find_past_call(values: dict[str, Any]) -> PastRow | None:
    row = _first_row(_FIND_PAST_CALL, values)
    return None if row is None else (row[0], bool(row[1]), row[2], row[3])


def find_or_reserve(values: dict[str, Any]) -> tuple[PastRow | None, int | None]:
    """A past call, else the number of a reservation; neither where a row is missing or has no room.

    PostgreSQL alone understands it.
    """
    written, share, *past = _first_row(_FIND_OR_RESERVE, values)
    if share is not None and written is None:
        # The window's last unit went to somebody else in between. Were this not to happen, the principal
        # would have had one call less on a day that has none left for anybody.
        _changed_one(_LOWER_SHARE, values | {"share": share})
    return None if past[0] is None else (past[0], past[1], past[2], past[3]), written


def find_window_behind(values: dict[str, Any]) -> tuple[date, int] | None:
    """The call's window (its first day) and what is used in truth, where the ledger has less."""
    row: tuple[date, int] | None = _first_row(_FIND_WINDOW_BEHIND, values)
    return row


def _changed_one(statement: str, values: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, _adapted(values))
        return bool(cursor.rowcount)


def _first_row(statement: str, values: dict[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, _adapted(values))
        return cursor.fetchone()


def _adapted(values: dict[str, Any]) -> dict[str, Any]:
    """Moments as the database keeps them: SQLite's are text without a zone."""
    return {
        name: connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }
