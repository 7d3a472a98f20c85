"""Every request is held against Stripe's official description, nested names included, which stripe-mock lets pass.

The requests of this suite and of whole trades are looked at when a stand-in of the tests ends (``stripe_spec.hold``).
"""

import pytest

from market.payments.stripe import VERSION
from market.sandbox.endpoints import ENDPOINTS
from market.sandbox.heard import Heard
from tests.market.payments import stripe_spec
from tests.market.payments.stripe_spec import check, violations

pytestmark = pytest.mark.stripe_spec

PAGE = (
    "mode=payment&success_url=http://localhost/&line_items[0][quantity]=1"
    "&line_items[0][price_data][currency]=cny&line_items[0][price_data][unit_amount]=5"
    "&line_items[0][price_data][product_data][name]=%E6%B0%94"
)


def test_the_description_is_stripes_own_and_of_our_version() -> None:
    content = stripe_spec.KEPT.read_bytes()
    assert stripe_spec.blob(content) == stripe_spec.BLOB
    assert f'"version":"{VERSION}"'.encode() in content[:2_000]


@pytest.mark.parametrize(
    ("method", "path", "raw"),
    [
        ("POST", "/v1/checkout/sessions", PAGE + "&metadata[any]=1"),
        ("POST", "/v1/checkout/sessions/cs_1/expire", ""),
        ("GET", "/v1/events", "created[gte]=1&types[0]=a.b&limit=100"),
        ("POST", "/v1/payment_intents", "amount=1&currency=cny&off_session=true"),
        ("POST", "/v1/disputes/du_1", "evidence[uncategorized_text]=x&submit=true"),
    ],
)
def test_a_right_request_passes(method: str, path: str, raw: str) -> None:
    assert list(check(method, path, raw)) == []


@pytest.mark.parametrize(
    ("method", "path", "raw", "trouble"),
    [
        ("POST", "/v1/checkout/sessions", PAGE + "&line_items[0][price_data][x]=1", "[x]: unknown"),
        (
            "POST",
            "/v1/checkout/sessions",
            PAGE.replace("mode=payment", "mode=gift"),
            "[mode]: 'gift' is none",
        ),
        (
            "POST",
            "/v1/checkout/sessions",
            PAGE + "&payment_method_types=card",
            "[payment_method_types]: array",
        ),
        ("POST", "/v1/payment_intents", "amount=1.5&currency=cny", "[amount]: integer expected"),
        ("POST", "/v1/payment_intents", "currency=cny", "[amount]: missing"),
        ("POST", "/v1/payment_intents", "amount=1&currency=cny&confirm=yes", "[confirm]: boolean expected"),
        ("GET", "/v1/transfers", "transfergroup=x", "[transfergroup]: unknown"),
        ("GET", "/v1/events", "types[1]=a", "[types]: not a list"),
        ("POST", "/v1/nothing", "", "no such operation"),
    ],
)
def test_a_wrong_request_is_seen(method: str, path: str, raw: str, trouble: str) -> None:
    found = list(check(method, path, raw))
    assert len(found) == 1
    assert trouble in found[0]


def test_our_own_requests_carry_version_and_key() -> None:
    heard = Heard("req_1", "POST", "/v1/checkout/sessions/cs_1/expire", "", "", "2020-08-27", 200)
    assert len(violations([heard], ours=True)) == 2
    assert violations([heard], ours=False) == []


def test_the_stand_in_has_no_address_that_stripe_has_not() -> None:
    for endpoint in ENDPOINTS:
        path = endpoint.path.replace("<id>", "x")
        assert any(pattern.fullmatch(path) for pattern, _ in stripe_spec.operations()[endpoint.method]), path


def test_the_stand_in_takes_no_parameter_that_stripe_does_not() -> None:
    found: list[str] = []
    for endpoint in ENDPOINTS:
        path = endpoint.path.replace("<id>", "x")
        for name in endpoint.table:
            troubles = list(check(endpoint.method, path, f"{name}=x"))
            found.extend(
                f"{endpoint.method} {path} {name}" for one in troubles if one == f"[{name}]: unknown"
            )
    assert found == []
