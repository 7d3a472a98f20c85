"""The calls a trade lives by, each with its parameters spelled out; others stand in the rooms beside.

Units: amounts are integers in the currency's minor unit, currencies lower-case ISO 4217. Every call that
changes something takes its idempotency key from the caller, who keeps it.
"""

from collections.abc import Iterator, Mapping, Sequence

from market.payments.stripe.disputes import Disputes
from market.payments.stripe.form import Value
from market.payments.stripe.intents import PaymentIntents
from market.payments.stripe.objects import (
    Account,
    AccountLink,
    Balance,
    BalanceTransaction,
    Charge,
    CheckoutSession,
    Event,
    Refund,
    Reversal,
    Transfer,
)
from market.payments.stripe.wire import segment


class Stripe(PaymentIntents, Disputes):
    """A client bound to one base address and one secret key; see :class:`Wire` for both."""

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
        return self._get(Account.read, f"/v1/accounts/{segment(id)}")

    def create_account_link(
        self, *, key: str, account: str, refresh_url: str, return_url: str
    ) -> AccountLink:
        """Make the address where an organisation tells the platform what it must know to be paid.

        It works once and for minutes only: make it when somebody asks to go there, and never send it by mail.

        Args:
            key: idempotency key; a new one for each link, since a repeated key brings the old link.
            account: the connected account's id.
            refresh_url: where the platform sends whoever comes with a link that is used or too old; that
                address makes another link.
            return_url: where people come back to, finished or not; the account's own state tells which.
        """
        params: dict[str, Value] = {
            "account": account,
            "refresh_url": refresh_url,
            "return_url": return_url,
            "type": "account_onboarding",
        }
        return self._post(AccountLink.read, "/v1/account_links", params, key)

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
        means: Sequence[str] = (),
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
            means: the only means of payment to offer, such as ``card``; without one, all that are set at the platform.
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
        if means:
            params["payment_method_types"] = list(means)
        if "wechat_pay" in means:
            params["payment_method_options"] = {"wechat_pay": {"client": "web"}}
        return self._post(CheckoutSession.read, "/v1/checkout/sessions", params, key)

    def checkout(self, id: str) -> CheckoutSession:
        """Fetch a pay page's state."""
        return self._get(CheckoutSession.read, f"/v1/checkout/sessions/{segment(id)}")

    def expire_checkout(self, id: str, *, key: str) -> CheckoutSession:
        """Close an open pay page, so that nobody can pay on it any more."""
        return self._post(CheckoutSession.read, f"/v1/checkout/sessions/{segment(id)}/expire", {}, key)

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
        return self._post(Reversal.read, f"/v1/transfers/{segment(transfer)}/reversals", params, key)

    def reversals(self, transfer: str) -> Iterator[Reversal]:
        """List the reversals of a transfer, newest first, page by page."""
        return self._list(Reversal.read, f"/v1/transfers/{segment(transfer)}/reversals", {})

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
        return self._get(Refund.read, f"/v1/refunds/{segment(id)}")

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

    def balance_transactions(
        self, *, created: Mapping[str, int] | None = None, source: str | None = None
    ) -> Iterator[BalanceTransaction]:
        """List movements of the exchange's own balance, newest first, page by page.

        Args:
            created: bounds of their time in seconds, by ``gt``, ``gte``, ``lt`` and ``lte``.
            source: only those of this charge, transfer, refund or payout.
        """
        params: dict[str, Value] = {"created": created, "source": source}
        return self._list(BalanceTransaction.read, "/v1/balance_transactions", params)

    def charge(self, id: str) -> Charge:
        """Fetch a charge: what it was taken for."""
        return self._get(Charge.read, f"/v1/charges/{segment(id)}")

    def transfer(self, id: str) -> Transfer:
        """Fetch a transfer."""
        return self._get(Transfer.read, f"/v1/transfers/{segment(id)}")

    def events(self, *, since: int, types: list[str]) -> Iterator[Event]:
        """List events of these types since a time in seconds, newest first; Stripe keeps 30 days."""
        params: dict[str, Value] = {"created": {"gte": since}, "types": list(types)}
        return self._list(Event.read, "/v1/events", params)
