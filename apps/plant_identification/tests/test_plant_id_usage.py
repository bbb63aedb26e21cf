"""What Plant.id says is left, as our ledger understands it."""

import json

import pytest

from apps.plant_identification import exceptions
from apps.plant_identification.exceptions import ProviderReplyUnreadable
from apps.plant_identification.services.plant_id_parser import parse_usage
from apps.plant_identification.tests.fake_http import KEY, FakeHttp, answered, soon
from apps.plant_identification.tests.test_plant_id_parser import sample
from apps.plant_identification.tests.test_plant_id_service import BASE_URL, service


@pytest.mark.parametrize(
    ("name", "used", "limit", "remaining"),
    [
        ("plant_id_v3_usage_info_sdk_fixture.json", 2, 100, 98),
        ("plant_id_v3_usage_info_no_credits_shape.json", 0, 0, 0),
    ],
)
def test_usage_without_a_monthly_limit_is_that_of_the_account(name, used, limit, remaining):
    usage = parse_usage(sample(name))

    assert (usage.used, usage.limit, usage.remaining) == (used, limit, remaining)


def test_usage_of_a_month_counts_half_credits_against_us():
    usage = parse_usage(
        {
            "credit_limits": {"day": None, "month": 100, "total": None},
            "used": {"month": 10.5},
            "remaining": {"day": None, "month": 89.5, "total": None},
        }
    )

    assert (usage.used, usage.limit, usage.remaining) == (11, 100, 89)


def test_a_key_that_may_not_spend_has_nothing_left():
    usage = parse_usage(
        {
            "credit_limits": {"month": 100},
            "used": {"month": 1},
            "remaining": {"month": 99},
            "can_use_credits": {"value": False, "reason": "some reason"},
        }
    )

    assert usage.remaining == 0


def test_usage_that_sets_no_limit_says_so():
    usage = parse_usage({"credit_limits": {}, "used": None, "remaining": "?"})

    assert (usage.used, usage.limit, usage.remaining) == (None, None, None)


@pytest.mark.parametrize("payload", [None, [], "no", {}, {"credit_limits": None}])
def test_usage_that_is_none_is_unreadable(payload):
    with pytest.raises(ProviderReplyUnreadable):
        parse_usage(payload)


def test_usage_is_asked_with_the_key_in_the_header():
    http = FakeHttp(answered(200, json.dumps({"credit_limits": {"month": 100}, "remaining": {"month": 40}})))

    assert service(http).usage(deadline=soon()).remaining == 40
    assert http.sent.url == f"{BASE_URL}/usage_info"
    assert http.sent.headers["Api-Key"] == KEY


def test_usage_of_a_refused_key_says_so():
    with pytest.raises(exceptions.ProviderRefusedKey):
        service(FakeHttp(answered(401, "No api key provided."))).usage(deadline=soon())
