"""A contract before it is in force, as its page shows it: who must sign next, and what happened so far."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from contracts import document, library, versions
from contracts.models import Remark, Signature, Version
from contracts.negotiation import State
from contracts.terms import Terms
from market import steps
from market.actor import Actor
from market.contracting import comparing, reading
from market.contracting.models import Request
from market.contracting.reading import Agreed
from market.i18n import gettext as _
from market.i18n import in_language, lazy
from market.permissions import Relation
from market.steps import Step
from market.steps.telling import told

Names = Mapping[uuid.UUID, Mapping[str, str]]

WAITS: Final = {
    State.REQUESTED: lazy("The provider signs the contract, makes another offer, or declines."),
    State.OFFERED: lazy("The buyer accepts the offer, makes a counter-offer, or declines."),
    State.ACCEPTED: lazy("The provider signs the contract that the buyer accepted, or declines."),
    State.AGREED: lazy("The buyer signs the contract, or withdraws the request."),
}
"""What a negotiation waits for, by its state."""
TASKS: Final = {
    State.REQUESTED: lazy("Sign the contract or answer the request"),
    State.OFFERED: lazy("Answer the offer"),
    State.ACCEPTED: lazy("Sign the contract"),
    State.AGREED: lazy("Sign the contract"),
}
"""The same as a task of whoever must act."""
_PROVIDER_SIGNS = lazy("Signature of the provider")
_REST = (lazy("Signature of the buyer"), lazy("Contract in force"))
AHEAD: Final = {
    State.REQUESTED: (_PROVIDER_SIGNS, *_REST),
    State.OFFERED: (lazy("Acceptance by the buyer"), _PROVIDER_SIGNS, *_REST),
    State.ACCEPTED: (_PROVIDER_SIGNS, *_REST),
    State.AGREED: _REST,
    State.VERIFIED: _REST[1:],
}
"""What is still to come before a contract is in force, by its state."""


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
        "what": WAITS[state],
        "by": row.expires_at,
        "otherwise": _("If it is not signed by both by then, the request expires and nobody is bound.")
        if row.amends_id is None
        else _("If it is not signed by both by then, the proposal expires and the contract stays as it is."),
    }


def story(session: Session, one: Agreed, names: Names) -> list[dict[str, Any]]:
    """Return what happened, each with its entry, and what is still to come before the contract is in force."""
    row = one.request

    def who(step: Step) -> str:
        parties = {row.provider_id: Relation.PROVIDER, row.buyer_id: Relation.BUYER}
        side = parties.get(step.organisation_id) if step.organisation_id else None
        return _who(side, row, names) if side else _("The exchange")

    items = told(session, row.handle, who, about=("contract.", "amendment."), only=_own(session, one))
    items += [
        {"label": label, "state": "next" if place else "now", "by": None if place else row.expires_at}
        for place, label in enumerate(AHEAD.get(one.contract.state, ()))
    ]
    return items


def _own(session: Session, one: Agreed) -> frozenset[uuid.UUID]:
    """Return the steps of one contract among those of its trade, whose amendments share the handle."""
    contract = one.contract
    rows: tuple[Version | Remark | Signature, ...] = (
        *contract.versions,
        *contract.remarks,
        *contract.signatures,
    )
    written = [step.id for step in steps.chain(session, contract.id)]
    return frozenset([*written, *(row.step_id for row in rows)])


def wording(one: Agreed) -> dict[str, Any]:
    """Return the filled text of the document, both languages, as the typesetter was given it."""
    return document.compose(library.load(one.contract.model), one.terms).content


def clause(one: Agreed, clause_id: str) -> dict[str, Any]:
    """Return one filled clause, both languages, in the shape of :func:`wording`."""
    model = library.load(one.contract.model)
    parts = document.parts(model, versions.negotiable(one.terms))
    return {"parts": [part for part in parts[clause_id] if part is not None]}


def titles(one: Agreed) -> list[tuple[str, str]]:
    """Return the clauses that can be commented on, by id, as the reader's language calls them."""
    if not isinstance(one.terms, Terms):
        return []
    named = comparing.titles(library.load(one.contract.model))
    return [(name, in_language(title)) for name, title in named.items()]


def _who(side: Relation, row: Request, names: Names) -> str:
    role, organisation = (
        (_("Provider"), row.provider_id) if side is Relation.PROVIDER else (_("Buyer"), row.buyer_id)
    )
    return f"{role} · {in_language(names[organisation])}"
