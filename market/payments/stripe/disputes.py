"""Disputes: what a payer's bank takes back, and what can be said against it.

Source: Stripe, "Disputes" and "Respond to disputes". The money is gone when a dispute is opened; an inquiry
(statuses beginning with ``warning_``) takes none.
"""

from collections.abc import Iterator, Mapping

from market.payments.stripe.form import Value
from market.payments.stripe.objects import Dispute
from market.payments.stripe.wire import Wire, segment


class Disputes(Wire):
    """The calls about disputes."""

    def dispute(self, id: str) -> Dispute:
        """Fetch a dispute."""
        return self._get(Dispute.read, f"/v1/disputes/{segment(id)}")

    def disputes(self, payment_intent: str) -> Iterator[Dispute]:
        """List the disputes of a payment, newest first, page by page."""
        return self._list(Dispute.read, "/v1/disputes", {"payment_intent": payment_intent})

    def submit_evidence(self, id: str, *, key: str, evidence: Mapping[str, str]) -> Dispute:
        """Answer a dispute; the bank reads one answer only, so everything must be in it.

        Args:
            id: the dispute.
            key: idempotency key.
            evidence: texts by Stripe's names (``product_description``, ``uncategorized_text``, …), in all
                at most 150,000 characters.

        Raises:
            InvalidRequest: it is decided, its time is over, or evidence was submitted before.
        """
        params: dict[str, Value] = {"evidence": dict(evidence), "submit": True}
        return self._post(Dispute.read, f"/v1/disputes/{segment(id)}", params, key)

    def close_dispute(self, id: str, *, key: str) -> Dispute:
        """Accept a dispute as lost; this cannot be taken back.

        Raises:
            InvalidRequest: it is decided already.
        """
        return self._post(Dispute.read, f"/v1/disputes/{segment(id)}/close", {}, key)
