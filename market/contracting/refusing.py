"""Why a step of a contract is refused: the contract room's errors and this room's own, as answers."""

from typing import NoReturn

from sqlalchemy.orm import Session

import contracts.service
from contracts.errors import (
    ContractError,
    DocumentMismatch,
    StateError,
    TermsError,
    VersionError,
    VersionMismatch,
)
from contracts.models import Contract
from contracts.vocabulary import Role as Party
from market import clock
from market.contracting.reading import OPEN, Agreed
from market.contracting.requesting import refuse_suspended
from market.errors import Conflict, Invalid, MarketError
from market.i18n import gettext as _
from market.i18n import lazy
from market.registry import offering
from market.texts import form
from market.words import state_label

_UNFIT = {
    "contract.unchanged": lazy(
        "Nothing differs from the present terms. Change what should read otherwise, or let them stand."
    ),
    "contract.fixed_form": lazy("This contract has a fixed form: take it as it is, or decline it."),
    "contract.no_suggestion": lazy("This comment suggests no change, so there is nothing to take up."),
    "contract.no_clause": lazy("The contract has no such clause."),
}
"""Versions that cannot follow, by code."""


def refuse_late(one: Agreed) -> None:
    """Return while the version on the table may still be answered or signed.

    Raises:
        Conflict: its time is over (``contract.expired``).
    """
    if one.contract.state in OPEN and one.request.expires_at <= clock.now():
        raise Conflict("contract.expired", _("The time to sign is over. Ask for a new contract."))


def refuse_hindered(session: Session, one: Agreed) -> None:
    """Return while both parties and the asset may be traded (R1.2, R2.6).

    Raises:
        Forbidden: a party is suspended.
        Conflict: the asset is not registered any more.
    """
    for organisation_id in (one.request.provider_id, one.request.buyer_id):
        refuse_suspended(session, organisation_id)
    offering.tradable(session, one.contract.asset_id)


def refuse_signing(one: Agreed, role: Party, document_digest: str) -> None:
    """Return when it is this role's turn and it was shown the document on file.

    Raises:
        Conflict: another document was shown, or it is not this role's turn.
    """
    try:
        contracts.service.refuse_signing(one.contract, role, document_digest)
    except ContractError as error:
        answer(error, one.contract)


def wrong_state(contract: Contract) -> Conflict:
    """Return the refusal of a step that the negotiation does not allow as it stands."""
    return Conflict(
        "contract.wrong_state",
        _(
            "The state of the contract is “%(state)s”; this step cannot be taken now.",
            state=state_label(contract.state, "negotiation"),
        ),
        state=contract.state.value,
    )


def terms_refused(error: TermsError) -> Invalid:
    """Return the refusal of terms that people filled in, with the sentence beside its field."""
    return Invalid(
        "contract.terms_refused",
        _("Some terms cannot be accepted. Correct them and send again."),
        fields={form.PREFIX + error.field: [form.sentence(error)]},
        fault=str(error),
    )


def answer(error: ContractError, contract: Contract) -> NoReturn:
    """Raise what the room refused as an answer.

    Raises:
        Conflict: another text was named, the state does not allow it, or no such version can follow.
        Invalid: a term cannot be accepted.
    """
    raise _answer(error, contract) from error


def _answer(error: ContractError, contract: Contract) -> MarketError:
    match error:
        case TermsError():
            return terms_refused(error)
        case StateError():
            return wrong_state(contract)
        case DocumentMismatch():
            return Conflict(
                error.code,
                _(
                    "You were shown a document other than the one on file. Read the current one and sign that."
                ),
                document_digest=contract.document_digest,
            )
        case VersionMismatch():
            return Conflict(
                error.code,
                _("You named terms other than those on the table. Read the present version first."),
                terms_digest=contract.terms_digest,
                version=contract.version,
            )
        case VersionError() if error.code in _UNFIT:
            return Conflict(error.code, str(_UNFIT[error.code]))
    raise error
