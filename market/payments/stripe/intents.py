"""Payment intents and their charges: a payment without a hosted pay page."""

from collections.abc import Iterator, Mapping

from market.payments.stripe.form import Value
from market.payments.stripe.objects import Charge, PaymentIntent
from market.payments.stripe.wire import Wire, segment


class PaymentIntents(Wire):
    """The calls about payment intents and charges."""

    def create_payment_intent(
        self,
        *,
        key: str,
        amount: int,
        currency: str,
        description: str,
        transfer_group: str,
        metadata: Mapping[str, str],
    ) -> PaymentIntent:
        """Plan a payment; nothing moves before it is confirmed.

        Which means of payment may be used is set at the platform, as on pay pages.

        Args:
            key: idempotency key.
            amount: minor units, positive.
            currency: lower-case ISO 4217.
            description: kept with the payment.
            transfer_group: the trade's group; later transfers carry it too.
            metadata: kept with the payment; how a lost answer is found again.
        """
        params: dict[str, Value] = {
            "amount": amount,
            "currency": currency,
            "description": description,
            "transfer_group": transfer_group,
            "metadata": dict(metadata),
            "automatic_payment_methods": {"enabled": True},
        }
        return self._post(PaymentIntent.read, "/v1/payment_intents", params, key)

    def confirm_payment_intent(
        self, id: str, *, key: str, payment_method: str, return_url: str
    ) -> PaymentIntent:
        """Try to take the money with a card or wallet; it may need the payer first (``requires_action``).

        Args:
            id: the payment intent.
            key: idempotency key; a new one for another attempt, else the old refusal comes again.
            payment_method: id of the payer's card or wallet.
            return_url: where the payer comes back to from a bank or wallet; not a proof of payment.

        Raises:
            CardError: declined; the payer may try another method.
        """
        params: dict[str, Value] = {"payment_method": payment_method, "return_url": return_url}
        return self._post(PaymentIntent.read, f"/v1/payment_intents/{segment(id)}/confirm", params, key)

    def payment_intent(self, id: str) -> PaymentIntent:
        """Fetch a payment intent with its charge and the platform's fee for it."""
        params: dict[str, Value] = {"expand": ["latest_charge.balance_transaction"]}
        return self._get(PaymentIntent.read, f"/v1/payment_intents/{segment(id)}", params)

    def cancel_payment_intent(self, id: str, *, key: str) -> PaymentIntent:
        """Give up a payment that has brought no money; nobody can confirm it any more.

        Raises:
            InvalidRequest: it was paid or cancelled before, or belongs to a pay page (which is expired instead).
        """
        params: dict[str, Value] = {"cancellation_reason": "abandoned"}
        return self._post(PaymentIntent.read, f"/v1/payment_intents/{segment(id)}/cancel", params, key)

    def charges(self, transfer_group: str) -> Iterator[Charge]:
        """List the charges of a group, good and failed, newest first, page by page."""
        return self._list(Charge.read, "/v1/charges", {"transfer_group": transfer_group})
