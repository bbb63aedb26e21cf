"""Who gets to see what belongs to somebody: the owner, and nobody else.

OWNED = [AccessCase("get", "v1:plant-identification:request-detail"), AccessCase("delete", …)]

@pytest.mark.parametrize("case", OWNED, ids=str)
def test_only_the_owner_reaches_an_identification(case, record):
    assert_only_owner(case, owner=record.user, stranger=UserFactory(), kwargs={"request_id": record.pk})
"""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from rest_framework.test import APIClient


@dataclass(frozen=True, slots=True)
class AccessCase:
    method: str
    viewname: str
    data: Any = None
    format: str = "json"
    owner: int = 200
    stranger: int = 404
    """404 and not 403: whether the thing exists is nobody's business."""
    anonymous: int = 401

    def __str__(self) -> str:
        return f"{self.method} {self.viewname}"


def assert_only_owner(
    case: AccessCase, *, owner: Any, stranger: Any, kwargs: dict[str, Any] | None = None
) -> None:
    """The owner comes last, so that a deletion by somebody else would be noticed."""
    url = reverse(case.viewname, kwargs=kwargs)
    for who, user, expected in (
        ("anonymous", None, case.anonymous),
        ("a stranger", stranger, case.stranger),
        ("the owner", owner, case.owner),
    ):
        client = APIClient()
        if user is not None:
            client.force_authenticate(user)
        response = getattr(client, case.method)(url, case.data, format=case.format)
        assert response.status_code == expected, (
            f"{who}: {case.method.upper()} {url} answered {response.status_code}, not {expected}: "
            f"{response.content[:500]!r}"
        )


def assert_same_for_missing(case: AccessCase, *, stranger: Any, theirs: Any, missing: Any) -> None:
    """What is somebody else's and what does not exist cannot be told apart."""
    client = APIClient()
    client.force_authenticate(stranger)
    answers = []
    for kwargs in (theirs, missing):
        response = getattr(client, case.method)(
            reverse(case.viewname, kwargs=kwargs), case.data, format=case.format
        )
        body = response.json()
        answers.append((response.status_code, body["code"], body["detail"]))
    assert answers[0] == answers[1]
