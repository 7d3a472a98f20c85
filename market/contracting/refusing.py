"""Why a contract cannot be signed now, told as the caller of a route reads it."""

from sqlalchemy.orm import Session

import contracts.service
from contracts.errors import DocumentMismatch, StateError
from contracts.models import Contract
from contracts.negotiation import State
from contracts.vocabulary import Role as Party
from market import clock
from market.contracting.reading import OPEN, Agreed
from market.contracting.requesting import refuse_suspended
from market.errors import Conflict
from market.i18n import gettext as _
from market.registry import offering
from market.words import state_label


def refuse_late(one: Agreed) -> None:
    """Refuse when the time to sign is over (R4.4)."""
    if one.contract.state in OPEN and one.request.expires_at <= clock.now():
        raise Conflict("contract.expired", _("The time to sign is over. Ask for a new contract."))


def refuse_unless(one: Agreed, *states: State) -> None:
    """Refuse when the negotiation is in none of some states."""
    if one.contract.state not in states:
        raise wrong_state(one.contract)


def refuse_hindered(session: Session, one: Agreed) -> None:
    """Refuse to sign while a party or the asset may not be traded (R1.2, R2.6)."""
    for organisation_id in (one.request.provider_id, one.request.buyer_id):
        refuse_suspended(session, organisation_id)
    offering.tradable(session, one.contract.asset_id)


def refuse_signing(one: Agreed, role: Party, document_digest: str) -> None:
    """Refuse when it is not this role's turn, or when it was shown another document."""
    try:
        contracts.service.refuse_signing(one.contract, role, document_digest)
    except DocumentMismatch as error:
        raise Conflict(
            error.code,
            _("You were shown a document other than the one on file. Read the current one and sign that."),
            document_digest=one.contract.document_digest,
        ) from error
    except StateError as error:
        raise wrong_state(one.contract) from error


def wrong_state(contract: Contract) -> Conflict:
    """Return the refusal of a step that the state does not allow."""
    return Conflict(
        "contract.wrong_state",
        _(
            "The state of the contract is “%(state)s”; this step cannot be taken now.",
            state=state_label(contract.state, "negotiation"),
        ),
        state=contract.state.value,
    )
