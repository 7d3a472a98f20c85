"""A contract before it is in force, as its page shows it: who must sign next, and what happened so far."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from contracts import document, library
from contracts.negotiation import State
from market.actor import Actor
from market.contracting import reading
from market.contracting.models import Request
from market.contracting.reading import Agreed
from market.i18n import gettext as _
from market.i18n import in_language, lazy
from market.permissions import Relation
from market.steps import Step
from market.steps.telling import told

Names = Mapping[uuid.UUID, Mapping[str, str]]

WAITS: Final = {
    Relation.PROVIDER: lazy("The provider signs the contract, or declines the request."),
    Relation.BUYER: lazy("The buyer signs the contract, or withdraws the request."),
}
AHEAD: Final = (
    (State.REQUESTED, lazy("Signature of the provider")),
    (State.AGREED, lazy("Signature of the buyer")),
    (State.VERIFIED, lazy("Contract in force")),
)


def head(one: Agreed, actor: Actor, names: Names) -> dict[str, Any] | None:
    """Return who must act next, what, by when and what happens otherwise; None when nobody must."""
    state, row = one.contract.state, one.request
    if state is State.VERIFIED:
        return {
            "who": _("The exchange"),
            "mine": False,
            "what": _("The exchange puts the contract in force."),
            "by": None,
            "otherwise": None,
        }
    if state not in reading.OPEN:
        return None
    turn = reading.turn(state)
    return {
        "who": _who(turn, row, names),
        "mine": turn is reading.relation(actor, row),
        "what": WAITS[turn],
        "by": row.expires_at,
        "otherwise": _("If it is not signed by both by then, the request expires and nobody is bound."),
    }


def story(session: Session, one: Agreed, names: Names) -> list[dict[str, Any]]:
    """Return what happened, each with its entry, and what is still to come before the contract is in force."""
    row = one.request

    def who(step: Step) -> str:
        parties = {row.provider_id: Relation.PROVIDER, row.buyer_id: Relation.BUYER}
        side = parties.get(step.organisation_id) if step.organisation_id else None
        return _who(side, row, names) if side else _("The exchange")

    items = told(session, row.handle, who, about="contract.")
    open_states = [state for state, _label in AHEAD]
    if one.contract.state in open_states:
        rest = AHEAD[open_states.index(one.contract.state) :]
        items += [
            {"label": label, "state": "next" if place else "now", "by": None if place else row.expires_at}
            for place, (_state, label) in enumerate(rest)
        ]
    return items


def wording(one: Agreed) -> dict[str, Any]:
    """Return the filled text of the document, both languages, as the typesetter was given it."""
    return document.compose(library.load(one.contract.model), one.terms).content


def _who(side: Relation, row: Request, names: Names) -> str:
    role, organisation = (
        (_("Provider"), row.provider_id) if side is Relation.PROVIDER else (_("Buyer"), row.buyer_id)
    )
    return f"{role} · {in_language(names[organisation])}"
