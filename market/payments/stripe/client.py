"""The calls we make, each with its parameters spelled out, over one guarded ``requests`` session."""

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
from market.payments.stripe.objects import (
    Account,
    Answer,
    Balance,
    CheckoutSession,
    Event,
    Json,
    Page,
    PaymentIntent,
    Refund,
    Reversal,
    Transfer,
)

VERSION = "2026-05-27.dahlia"
"""The API version we speak, sent with every request; webhook endpoints are made with the same."""

T = TypeVar("T", bound=Answer)

_KEYS = ("sk_test_", "rk_test_", "sk_live_", "rk_live_")
_FORM = "application/x-www-form-urlencoded"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0


class Stripe:
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
        return f"Stripe({self.base!r}, {'live' if self.live else 'test'} key)"

    # accounts

    def create_account(self, *, key: str, name: str, metadata: Mapping[str, str]) -> Account:
        """Open a connected account that can receive transfers; the exchange pays fees and bears losses.

        Args:
            key: idempotency key.
            name: the organisation's name.
            metadata: kept with the account.
        """
        params: dict[str, Value] = {
            "controller": {
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
                "stripe_dashboard": {"type": "express"},
            },
            "capabilities": {"transfers": {"requested": True}},
            "business_profile": {"name": name},
            "metadata": dict(metadata),
        }
        return self._post(Account.read, "/v1/accounts", params, key)

    def account(self, id: str) -> Account:
        """Fetch a connected account."""
        return self._get(Account.read, f"/v1/accounts/{_segment(id)}")

    # money in

    def open_checkout(
        self,
        *,
        key: str,
        amount: int,
        currency: str,
        description: str,
        transfer_group: str,
        success_url: str,
        cancel_url: str,
        expires_at: int,
        metadata: Mapping[str, str],
    ) -> CheckoutSession:
        """Make a pay page for one item; the session and its payment intent carry the same metadata.

        Args:
            key: idempotency key.
            amount: minor units, positive.
            currency: lower-case ISO 4217.
            description: what the payer reads on the page.
            transfer_group: the trade's group; later transfers carry it too.
            success_url: where the payer comes back to; not a proof of payment.
            cancel_url: where the payer comes back to without paying.
            expires_at: seconds since the epoch, 30 minutes to 24 hours ahead.
            metadata: kept with session and payment intent.
        """
        price: Value = {"currency": currency, "unit_amount": amount, "product_data": {"name": description}}
        params: dict[str, Value] = {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": success_url,
            "cancel_url": cancel_url,
            "expires_at": expires_at,
            "metadata": dict(metadata),
            "payment_intent_data": {"transfer_group": transfer_group, "metadata": dict(metadata)},
        }
        return self._post(CheckoutSession.read, "/v1/checkout/sessions", params, key)

    def checkout(self, id: str) -> CheckoutSession:
        """Fetch a pay page's state."""
        return self._get(CheckoutSession.read, f"/v1/checkout/sessions/{_segment(id)}")

    def expire_checkout(self, id: str, *, key: str) -> CheckoutSession:
        """Close an open pay page, so that nobody can pay on it any more."""
        return self._post(CheckoutSession.read, f"/v1/checkout/sessions/{_segment(id)}/expire", {}, key)

    def payment_intent(self, id: str) -> PaymentIntent:
        """Fetch a payment intent with its charge and the platform's fee for it."""
        params: dict[str, Value] = {"expand": ["latest_charge.balance_transaction"]}
        return self._get(PaymentIntent.read, f"/v1/payment_intents/{_segment(id)}", params)

    # money out

    def create_transfer(
        self,
        *,
        key: str,
        amount: int,
        currency: str,
        destination: str,
        source_transaction: str,
        transfer_group: str,
        metadata: Mapping[str, str],
    ) -> Transfer:
        """Move money to a connected account.

        Args:
            key: idempotency key.
            amount: minor units, positive.
            currency: lower-case ISO 4217.
            destination: the connected account's id.
            source_transaction: the charge it is paid from: accepted at once, settles with the charge.
            transfer_group: the trade's group.
            metadata: kept with the transfer; how a lost answer is found again.
        """
        params: dict[str, Value] = {
            "amount": amount,
            "currency": currency,
            "destination": destination,
            "source_transaction": source_transaction,
            "transfer_group": transfer_group,
            "metadata": dict(metadata),
        }
        return self._post(Transfer.read, "/v1/transfers", params, key)

    def transfers(self, transfer_group: str) -> Iterator[Transfer]:
        """List the transfers of a group, newest first, page by page."""
        return self._list(Transfer.read, "/v1/transfers", {"transfer_group": transfer_group})

    def create_reversal(
        self, transfer: str, *, key: str, amount: int, metadata: Mapping[str, str]
    ) -> Reversal:
        """Take back what a transfer brought to a connected account, or a part of it.

        Args:
            transfer: the transfer's id.
            key: idempotency key.
            amount: minor units, at most what of the transfer is not reversed and the account holds.
            metadata: kept with the reversal; how a lost answer is found again.
        """
        params: dict[str, Value] = {"amount": amount, "metadata": dict(metadata)}
        return self._post(Reversal.read, f"/v1/transfers/{_segment(transfer)}/reversals", params, key)

    def reversals(self, transfer: str) -> Iterator[Reversal]:
        """List the reversals of a transfer, newest first, page by page."""
        return self._list(Reversal.read, f"/v1/transfers/{_segment(transfer)}/reversals", {})

    def create_refund(
        self, *, key: str, payment_intent: str, amount: int, metadata: Mapping[str, str]
    ) -> Refund:
        """Give money back to the payer; ``amount`` in minor units, at most what is left of the payment."""
        params: dict[str, Value] = {
            "payment_intent": payment_intent,
            "amount": amount,
            "metadata": dict(metadata),
        }
        return self._post(Refund.read, "/v1/refunds", params, key)

    def refund(self, id: str) -> Refund:
        """Fetch a refund."""
        return self._get(Refund.read, f"/v1/refunds/{_segment(id)}")

    def refunds(self, payment_intent: str) -> Iterator[Refund]:
        """List the refunds of a payment, newest first, page by page."""
        return self._list(Refund.read, "/v1/refunds", {"payment_intent": payment_intent})

    # what the platform knows

    def balance(self, account: str | None = None) -> Balance:
        """Fetch what the exchange's own account holds, or a connected one.

        Args:
            account: the connected account's id; None for the exchange's own.
        """
        headers = {"Stripe-Account": account} if account else None
        return self._call(Balance.read, "GET", "/v1/balance", headers=headers)

    def events(self, *, since: int, types: list[str]) -> Iterator[Event]:
        """List events of these types since a time in seconds, newest first; Stripe keeps 30 days."""
        params: dict[str, Value] = {"created": {"gte": since}, "types": list(types)}
        return self._list(Event.read, "/v1/events", params)

    # the wire

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


def _segment(id: str) -> str:
    """Return an id as one path segment; ids come back from outside and must not walk the path."""
    return quote(id, safe="")
