"""Our client: guarded, repeating only what is right, never in doubt about what it does not know."""

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from market.config import SettingsError
from market.payments.stripe import (
    VERSION,
    ApiError,
    AuthError,
    CardError,
    ConnectionFailed,
    IdempotencyError,
    InvalidRequest,
    RateLimited,
    Stripe,
)
from market.payments.stripe.errors import error_of
from market.sandbox import Sandbox
from tests.market.sandbox.driver import KEY, Control, open_checkout


@pytest.mark.parametrize(
    ("base", "key"),
    [
        ("http://localhost:1", "sk_live_x"),
        ("https://api.stripe.com.evil.example", "sk_live_x"),
        ("https://api.stripe.com.evil.example", "sk_test_x"),
        ("http://api.stripe.com", "sk_live_x"),
        ("http://10.0.0.1:80", "sk_test_x"),
        ("http://user@localhost:1", "sk_test_x"),
        ("ftp://localhost:1", "sk_test_x"),
        ("https://api.stripe.com", "pk_test_x"),
        ("https://api.stripe.com", ""),
        ("https://api.stripe.com", "sk_test_x\n"),
    ],
)
def test_an_unsafe_pair_of_address_and_key_is_refused(base: str, key: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Stripe(base, key)
    assert "x\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("base", "key", "live"),
    [
        ("https://api.stripe.com", "sk_live_x", True),
        ("https://api.stripe.com/", "rk_test_x", False),
        ("http://127.0.0.1:1", "sk_test_x", False),
        ("http://[::1]:1", "sk_test_x", False),
    ],
)
def test_a_safe_pair_is_taken_and_the_key_never_shown(base: str, key: str, live: bool) -> None:
    client = Stripe(base, key)
    assert client.live is live
    assert key not in repr(client)


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_an_idempotency_key_is_required(client: Stripe, key: str) -> None:
    with pytest.raises(ValueError, match="idempotency key"):
        open_checkout(client, key=key)


def test_a_lost_answer_is_repeated_with_the_same_key(client: Stripe, control: Control) -> None:
    control("faults", kind="lose")
    session = open_checkout(client)
    assert session.status == "open"
    assert open_checkout(client).id == session.id


def test_an_answer_lost_for_good_is_unknown_and_found_later(sandbox: Sandbox, control: Control) -> None:
    pauses: list[float] = []
    client = Stripe(sandbox.base, KEY, sleep=pauses.append)
    control("faults", kind="lose", times=4)
    with pytest.raises(ConnectionFailed) as unknown:
        open_checkout(client)
    assert not unknown.value.refused
    assert KEY not in str(unknown.value)
    assert len(pauses) == 3
    assert all(0.25 <= pause <= 5 for pause in pauses)
    assert open_checkout(client).status == "open"


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_passing_troubles_are_repeated(client: Stripe, control: Control, status: int) -> None:
    control("faults", kind="refuse", status=status, times=3)
    assert open_checkout(client).status == "open"


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (500, ApiError), (409, ApiError)])
def test_lasting_troubles_are_typed_and_leave_the_outcome_open(
    client: Stripe, control: Control, status: int, error: type[Exception]
) -> None:
    control("faults", kind="refuse", status=status, times=4)
    with pytest.raises(error) as trouble:
        open_checkout(client)
    assert trouble.value.refused is False  # type: ignore[attr-defined]
    assert trouble.value.request_id.startswith("req_")  # type: ignore[attr-defined]


def test_the_platforms_own_word_on_repeating_wins(client: Stripe, control: Control) -> None:
    control("faults", kind="refuse", status=500, retry="false")
    with pytest.raises(ApiError):
        open_checkout(client)
    control("faults", kind="refuse", status=400, retry="true")
    assert open_checkout(client).status == "open"


def test_a_kept_500_stays_for_that_key(client: Stripe, control: Control) -> None:
    control("faults", kind="break")
    with pytest.raises(ApiError):
        open_checkout(client)
    assert open_checkout(client, key="checkout:1:2").status == "open"


@pytest.mark.parametrize(
    ("status", "body", "error", "refused"),
    [
        (402, {"error": {"type": "card_error", "decline_code": "lost_card"}}, CardError, True),
        (400, {"error": {"type": "invalid_request_error"}}, InvalidRequest, True),
        (400, {"error": {"type": "idempotency_error"}}, IdempotencyError, False),
        (404, {}, ApiError, False),
        (301, None, ApiError, False),
        (408, "<html>", ApiError, False),
        (413, {"error": {"type": "of_another_house"}}, ApiError, False),
        (401, {"error": {"type": "invalid_request_error"}}, AuthError, False),
        (502, "<html>", ApiError, False),
        (400, {"error": ["odd"]}, ApiError, False),
    ],
)
def test_every_shape_of_refusal_has_a_type(status: int, body: Any, error: type, refused: bool) -> None:
    found = error_of(status, body, "req_1")
    assert type(found) is error
    assert found.refused is refused


class Odd(BaseHTTPRequestHandler):
    """Answers what a client must not trust, and keeps what it was sent."""

    answer: tuple[int, dict[str, str], bytes] = (200, {}, b"{}")
    seen: list[dict[str, str]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append({**dict(self.headers), "path": self.path, "body": body.decode()})
        status, headers, content = self.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST  # noqa: N815 - the base class asks for this name

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def odd() -> Iterator[Stripe]:
    Odd.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield Stripe(f"http://127.0.0.1:{server.server_port}", KEY, retries=0)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"{}", b"null", b'{"id": 1, "metadata": 5}'])
def test_an_unreadable_answer_is_an_unknown_outcome(odd: Stripe, content: bytes) -> None:
    Odd.answer = (200, {"Request-Id": "req_9"}, content)
    with pytest.raises(ApiError) as trouble:
        odd.create_account(key="k", name="X", metadata={})
    assert not trouble.value.refused
    assert trouble.value.request_id == "req_9"


def test_a_redirect_is_not_followed(odd: Stripe) -> None:
    Odd.answer = (302, {"Location": "/elsewhere"}, b"")
    with pytest.raises(ApiError):
        odd.balance()
    assert [request["path"] for request in Odd.seen] == ["/v1/balance"]


def test_an_id_cannot_walk_the_path(odd: Stripe) -> None:
    Odd.answer = (200, {}, b'{"id": "x"}')
    odd.account("../refunds?x=1")
    assert Odd.seen[0]["path"] == "/v1/accounts/..%2Frefunds%3Fx%3D1"


def test_headers_are_explicit_and_the_machine_adds_none(
    odd: Stripe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    Odd.answer = (200, {}, b'{"id": "cs_1"}')
    odd.expire_checkout("cs_1", key="expire:1:1")
    sent = Odd.seen[0]
    assert sent["Content-Type"] == "application/x-www-form-urlencoded"
    assert sent["Stripe-Version"] == VERSION
    assert sent["Idempotency-Key"] == "expire:1:1"
    assert sent["Authorization"] == f"Basic {base64.b64encode(f'{KEY}:'.encode()).decode()}"
    assert sent["body"] == ""
