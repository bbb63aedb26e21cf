import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from rest_framework.renderers import JSONRenderer

from apps.core.api.renderers import FastJSONRenderer

DOCUMENT = {
    "name": "Käsebaum \u2028 🌱",
    "none": None,
    "numbers": [0, -1, 0.1, 1e-7, 2**62],
    "id": UUID(int=7),
    "at": datetime(2026, 11, 21, 12, 30, 15, 250, tzinfo=UTC),
    "by_number": {1: "one"},
    "pair": (1, 2),
    "late": gettext_lazy("Not found."),
}


@pytest.mark.parametrize("data", [DOCUMENT, [DOCUMENT], "text", 1, None, {"safe": SafeString("<b>")}])
def test_it_says_what_the_framework_itself_would_say(data):
    theirs, ours = JSONRenderer().render(data), FastJSONRenderer().render(data)
    assert (ours and json.loads(ours)) == (theirs and json.loads(theirs))


def test_whoever_asks_for_indented_text_gets_it():
    text = FastJSONRenderer().render({"a": 1}, "application/json; indent=2", {})
    assert text == b'{\n  "a": 1\n}'
