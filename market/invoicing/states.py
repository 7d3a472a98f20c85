"""The machine of an invoice, from the request to a red-letter invoice where money went back."""

from collections.abc import Mapping
from enum import StrEnum

from market.errors import Conflict
from market.i18n import gettext as _
from market.words import state_label


class Matter(StrEnum):
    """What an invoice is for."""

    DATA = "data"
    """The provider's to the buyer, for what was released of the price."""
    FEE = "fee"
    """The operator's to the provider, for the platform fee."""


class Form(StrEnum):
    """Which kind of VAT invoice is asked for."""

    GENERAL = "general"
    """普通发票."""
    SPECIAL = "special"
    """专用发票: whoever gets it may deduct the tax."""


class InvoiceState(StrEnum):
    """Where an invoice stands."""

    REQUESTED = "REQUESTED"
    ISSUED = "ISSUED"
    REFUSED = "REFUSED"
    RED_OWED = "RED_OWED"
    RED_ISSUED = "RED_ISSUED"


class InvoiceEvent(StrEnum):
    """What can happen to it."""

    ISSUE = "issue"
    REFUSE = "refuse"
    OWE = "owe"
    REDDEN = "redden"


TRANSITIONS: Mapping[tuple[InvoiceState, InvoiceEvent], InvoiceState] = {
    (InvoiceState.REQUESTED, InvoiceEvent.ISSUE): InvoiceState.ISSUED,
    (InvoiceState.REQUESTED, InvoiceEvent.REFUSE): InvoiceState.REFUSED,
    (InvoiceState.ISSUED, InvoiceEvent.OWE): InvoiceState.RED_OWED,
    (InvoiceState.RED_OWED, InvoiceEvent.REDDEN): InvoiceState.RED_ISSUED,
    (InvoiceState.RED_ISSUED, InvoiceEvent.OWE): InvoiceState.RED_OWED,
}

TO_ISSUE = frozenset({InvoiceState.REQUESTED, InvoiceState.RED_OWED})
"""States in which the seller must act, by a day."""


def advance(state: InvoiceState, event: InvoiceEvent) -> InvoiceState:
    """Return the state after an event.

    Raises:
        Conflict: the invoice does not stand where this could happen.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Conflict(
            "invoice.wrong_state",
            _(
                "The state of the invoice is “%(state)s”; this step cannot be taken now.",
                state=state_label(state, "invoice"),
            ),
            state=state.value,
        ) from None
