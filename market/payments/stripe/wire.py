"""The guarded ``requests`` session under every call: encoding, repeating, and what an answer means."""

import dataclasses
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar
from urllib.parse import quote, urlsplit

import requests

from market.config import STRIPE, SettingsError, is_loopback
from market.payments.stripe.errors import ApiError, ConnectionFailed, StripeError, error_of
from market.payments.stripe.form import Value, encode
from market.payments.stripe.objects import Answer, Json, Page

VERSION = "2026-05-27.dahlia"
"""The API version we speak, sent with every request; webhook endpoints are made with the same."""

T = TypeVar("T", bound=Answer)

_KEYS = ("sk_test_", "rk_test_", "sk_live_", "rk_live_")
_FORM = "application/x-www-form-urlencoded"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0


class Wire:
    """A client bound to one base address and one secret key.

    Args:
        base: ``https://api.stripe.com``, or a loopback address of a stand-in that speaks the same API.
        key: the secret key; never shown by ``repr`` or in an error.
        retries: how often a call is repeated with the same key after no answer, 409, 429 or 5xx.
        timeouts: seconds to connect and to read.
        sleep: waits that many seconds; tests pass their own.

    Raises:
        SettingsError: the pair of base and key is unsafe: a live key anywhere but at Stripe over TLS,
            a base that is neither Stripe nor loopback, or a text that is no secret key.
    """

    def __init__(
        self,
        base: str,
        key: str,
        *,
        retries: int = 3,
        timeouts: tuple[float, float] = (3.0, 30.0),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base = base.rstrip("/")
        _guard(self.base, key)
        self.live = "_live_" in key
        self._retries = retries
        self._timeouts = timeouts
        self._sleep = sleep
        self._session = requests.Session()
        # A netrc entry or a proxy variable must neither replace the key nor carry it elsewhere.
        self._session.trust_env = False
        self._session.auth = (key, "")
        self._session.headers["Stripe-Version"] = VERSION

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base!r}, {'live' if self.live else 'test'} key)"

    def _get(self, read: Callable[[Json], T], path: str, params: Mapping[str, Value] | None = None) -> T:
        query = encode(params or {})
        return self._call(read, "GET", f"{path}?{query}" if query else path)

    def _post(self, read: Callable[[Json], T], path: str, params: Mapping[str, Value], key: str) -> T:
        if not key or len(key) > 255:
            raise ValueError("an idempotency key of 1 to 255 characters is required")
        headers = {"Content-Type": _FORM, "Idempotency-Key": key}
        return self._call(read, "POST", path, encode(params), headers)

    def _list(self, read: Callable[[Json], T], path: str, params: Mapping[str, Value]) -> Iterator[T]:
        after: str | None = None
        while True:
            page = self._get(Page.read, path, {**params, "limit": 100, "starting_after": after})
            yield from (read(data) for data in page.data)
            if not page.has_more or not page.data:
                return
            after = str(page.data[-1]["id"])

    def _call(
        self,
        read: Callable[[Json], T],
        method: str,
        path: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Make a call and repeat it while that is right; the same key and body each time.

        Raises:
            StripeError: the typed refusal, or an unknown outcome.
        """
        for attempt in range(self._retries + 1):
            try:
                answer = self._session.request(
                    method,
                    self.base + path,
                    data=body.encode() if body is not None else None,
                    headers=headers,
                    timeout=self._timeouts,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                if attempt == self._retries:
                    # Only the kind of failure: the library's own text repeats the request.
                    message = f"no answer from the payment platform: {type(error).__name__}"
                    raise ConnectionFailed(message) from None
                self._sleep(_pause(attempt, None))
                continue
            if answer.status_code < 300:
                return _object(read, answer)
            if attempt == self._retries or not _may_repeat(answer):
                raise _error(answer)
            self._sleep(_pause(attempt, answer.headers.get("Retry-After")))
        raise AssertionError("unreachable: the last attempt returns or raises")


def _guard(base: str, key: str) -> None:
    """Refuse a pair of address and key that could send real money or a real key to the wrong place."""
    url = urlsplit(base)
    if not (key.startswith(_KEYS) and key.isascii() and key.isprintable()):
        raise SettingsError(f"STRIPE_SECRET_KEY is no secret key: it begins with one of {', '.join(_KEYS)}")
    if base == STRIPE:
        return
    if "_live_" in key:
        raise SettingsError(f"a live STRIPE_SECRET_KEY may only be used with STRIPE_API_BASE={STRIPE}")
    if (
        url.scheme not in ("http", "https")
        or not is_loopback(base)
        or url.username
        or url.query
        or url.fragment
    ):
        raise SettingsError(f"STRIPE_API_BASE must be {STRIPE} or a loopback address")


def _may_repeat(answer: requests.Response) -> bool:
    """Whether the same call may be made again: the platform's own word first, else by status."""
    word = answer.headers.get("Stripe-Should-Retry")
    if word in ("true", "false"):
        return word == "true"
    return answer.status_code in (409, 429) or answer.status_code >= 500


def _pause(attempt: int, retry_after: str | None) -> float:
    """Return seconds to wait: doubling from half a second to five, half of it by chance (no stampede)."""
    longest: float = min(_FIRST_PAUSE * 2.0**attempt, _LONGEST_PAUSE)
    wanted = float(retry_after) if retry_after and retry_after.isdigit() and len(retry_after) < 3 else 0.0
    return max(longest * (0.5 + secrets.randbelow(1000) / 2000), wanted)


def _object(read: Callable[[Json], T], answer: requests.Response) -> T:
    """Read the object of a good answer; what cannot be read has an unknown outcome."""
    request_id = str(answer.headers.get("Request-Id") or "")
    try:
        return dataclasses.replace(read(answer.json()), request_id=request_id)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"the payment platform's answer cannot be read: {type(error).__name__}"
        raise ApiError(message, status=answer.status_code, request_id=request_id) from None


def _error(answer: requests.Response) -> StripeError:
    try:
        body = answer.json()
    except ValueError:
        body = None
    return error_of(answer.status_code, body, str(answer.headers.get("Request-Id") or ""))


def segment(id: str) -> str:
    """Return an id as one path segment; ids come back from outside and must not walk the path."""
    return quote(id, safe="")
