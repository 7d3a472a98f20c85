"""Our encoder writes the bytes that Stripe's own SDK writes."""

from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stripe._encode import _api_encode

from market.payments.stripe.form import Value, encode

NAMES = st.sampled_from(["amount", "name", "metadata", "a_b"])
ITEMS = st.integers(-(2**53), 2**53) | st.text(max_size=8)
LEAVES = ITEMS | st.none() | st.booleans()
GROUPS = st.dictionaries(NAMES, LEAVES | st.lists(ITEMS, max_size=3), max_size=3)
# The SDK writes "None" and "True" for such items of arrays; the API has no parameter like that.
VALUES = LEAVES | GROUPS | st.lists(ITEMS | GROUPS, max_size=3)


def official(params: dict[str, Value]) -> str:
    """Encode as the SDK's request builder does."""
    return urlencode(list(_api_encode(params))).replace("%5B", "[").replace("%5D", "]")


def test_a_known_body() -> None:
    params: dict[str, Value] = {
        "line_items": [
            {"price_data": {"currency": "cny", "product_data": {"name": "气象 & [x]"}}, "quantity": 1}
        ],
        "expand": ["a.b"],
        "on": True,
        "off": None,
    }
    assert encode(params) == official(params)
    assert encode(params).startswith("line_items[0][price_data][currency]=cny&")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, VALUES, max_size=3))
def test_any_body(params: dict[str, Value]) -> None:
    assert encode(params) == official(params)
