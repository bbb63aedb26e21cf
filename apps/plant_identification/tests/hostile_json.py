"""Documents as no service should send them."""

import copy

from hypothesis import strategies as st

from apps.plant_identification.exceptions import ProviderReplyUnreadable
from apps.plant_identification.types import ProviderReply

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def read_or_refuse(parse, payload):
    try:
        reply = parse(payload)
    except ProviderReplyUnreadable:
        return
    assert isinstance(reply, ProviderReply)
    assert all(0 <= each.score <= 1 for each in reply.suggestions)


def places(value, path=()):
    """Every place in a document, as the keys that lead there."""
    yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from places(child, (*path, key))


def replaced(document, path, value):
    """The document with one place changed, or taken out where `value` is Ellipsis."""
    changed = copy.deepcopy(document)
    *parents, last = path
    holder = changed
    for key in parents:
        holder = holder[key]
    if value is ...:
        del holder[last]
    else:
        holder[last] = value
    return changed
