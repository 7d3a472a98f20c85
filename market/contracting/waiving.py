"""The startup waiver (R4.18): computed when a contract is asked for, kept in its terms, over with its last day.

What the rule says is :mod:`market.rules.waiver`. A contract under the waiver is free of charge by terms of its own:
the text's clause on it, use by the buyer alone, nothing passed on or sold, and a term within the free period. Its
row is written with the request, so that nothing has to be computed again to know why nothing was paid.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

import contracts.service
from contracts import library, versions
from contracts.negotiation import Ending, State
from contracts.terms import AnyTerms, Terms
from contracts.vocabulary import Action
from market import clock, rules, steps
from market.actor import Actor
from market.catalog import waivers
from market.catalog.service import Facts
from market.contracting import claiming, letters
from market.contracting.models import Request, Waiver
from market.contracting.reading import Agreed
from market.contracting.waiver_reading import waiver_of
from market.errors import Conflict, Invalid
from market.i18n import gettext as _
from market.rules import waiver
from market.rules.waiver import Verdict
from market.steps import Kind, Pending
from market.texts import form

_OTHERS: Final = frozenset({Action.SELL.value, Action.DISTRIBUTE.value})
"""Actions by which others get the data."""
_GRANTED: Final = ("rights.sublicense", "rights.transferable")
_OWN_USE: Final = "use.recipients"


@dataclass(frozen=True)
class Applied:
    """A waiver that is applied to a contract that is being made; a value, safe outside the session.

    Attributes:
        verdict: what the rule says.
        facts: the listing it is over.
        today: the day of the request.
    """

    verdict: Verdict
    facts: Facts
    today: date

    def values(self) -> dict[str, Any]:
        """Return what stands in the blanks of the text: the listing's, but free of charge and for own use alone."""
        model, values = library.load(self.facts.model), dict(self.facts.values)
        own = {name: False for name in _GRANTED if name in model.blanks}
        values.pop(_OWN_USE, None)
        permitted = [word for word in values["use.permitted"] if word not in _OTHERS]
        prohibited = {*values["use.prohibited"], *_OTHERS}
        days = min(self.facts.term_days, waiver.days_left(self.today, self.verdict.last))
        values |= {
            **own,
            "price.model": "free",
            waiver.BLANK: True,
            "use.permitted": permitted,
            "use.prohibited": [word.value for word in Action if word.value in prohibited],
            "term.days": days,
        }
        return versions.fitting(model, values)


def applied(session: Session, actor: Actor, facts: Facts, *, wanted: bool | None) -> Applied | None:
    """Return the waiver of a contract that the actor's organisation asks for, or None.

    Args:
        session: a session.
        actor: of the buyer.
        facts: the listing's.
        wanted: False to do without it; True to have the contract with it or not at all.

    Raises:
        Conflict: it is wanted and does not apply (``waiver.not_eligible``, R4.18); ``why`` says why.
    """
    today = waiver.day_of(clock.now())
    found = waivers.verdict(session, actor, facts, today)
    if not found.eligible:
        if wanted:
            raise Conflict(
                "waiver.not_eligible",
                _("The startup waiver does not apply here. Ask for the contract without it."),
                rule=waiver.RULE,
                why=str(found.why),
            )
        return None
    return None if wanted is False else Applied(found, facts, today)


def write(session: Session, step: Pending, row: Request, made: Applied) -> None:
    """Keep the waiver of a new contract within the step that keeps its request."""
    asset = made.facts.asset
    session.add(
        Waiver(
            id=uuid.uuid4(),
            step_id=step.id,
            contract_id=row.contract_id,
            handle=row.handle,
            number=row.number,
            provider_id=row.provider_id,
            buyer_id=row.buyer_id,
            listed=made.facts.price.amount,
            waived=made.facts.price.amount,
            currency=made.facts.price.currency,
            rule=waiver.RULE,
            rules=step.rules,
            established_on=made.verdict.first.isoformat(),
            asked_on=made.today.isoformat(),
            last_day=made.verdict.last.isoformat(),
            authority=asset.authority or "",
            authority_basis=asset.authority_basis or "",
            asked_at=step.time,
        )
    )


def require(session: Session, terms: AnyTerms, handle: str | None) -> None:
    """Return when terms that people filled in leave the waiver as it is: applied, or not.

    Args:
        session: a session.
        terms: of a version, an amendment or a renewal.
        handle: of the trade they are of; None for a renewal, which begins a trade of its own.

    Raises:
        Invalid: ``waiver.not_computed``: they claim a waiver that the exchange did not compute; ``waiver.kept``: they
            take away what goes with the one there is (R4.18).
    """
    if not isinstance(terms, Terms) or not _is_known(terms.rules_version):
        return
    row, claimed = (waiver_of(session, handle) if handle else None), terms.values.get(waiver.BLANK) is True
    if row is None and claimed:
        said = _(
            "Only the exchange applies the startup waiver, when a contract is asked for. Ask over the listing."
        )
        raise Invalid("waiver.not_computed", said, fields=_beside([waiver.BLANK], said), rule=waiver.RULE)
    if row is not None and (broken := _broken(terms.values)):
        said = _("This contract is under the startup waiver: free of charge, for the buyer's own use alone.")
        raise Invalid("waiver.kept", said, fields=_beside(broken, said), rule=waiver.RULE)


def over(row: Waiver | None, at: datetime) -> bool:
    """Tell whether a waiver's last day is past."""
    return row is not None and at >= waiver.ends_at(date.fromisoformat(row.last_day))


def refuse_over(session: Session, one: Agreed) -> None:
    """Return while a contract may be signed under its waiver.

    Raises:
        Conflict: the last day of free use is past (``waiver.over``, R4.18).
    """
    row = waiver_of(session, one.request.handle)
    if row is not None and over(row, clock.now()):
        raise Conflict(
            "waiver.over",
            _(
                "The startup waiver ended with %(day)s. Ask for a new contract, at the listed price.",
                day=row.last_day,
            ),
            rule=waiver.RULE,
            last_day=row.last_day,
        )


def capped(session: Session, handle: str, until: datetime) -> datetime:
    """Return the end of a trade's term: as agreed, but never later than the last day of its waiver."""
    row = waiver_of(session, handle)
    return until if row is None else min(until, waiver.ends_at(date.fromisoformat(row.last_day)))


def lapse(session: Session, actor: Actor, one: Agreed) -> bool:
    """End a contract that both signed but that comes into force only after its waiver's last day; often there is none.

    Args:
        session: the session of the transaction.
        actor: the exchange's own job.
        one: the locked contract, VERIFIED.

    Returns:
        Whether it was ended.
    """
    row = waiver_of(session, one.request.handle)
    if one.contract.state is not State.VERIFIED or one.request.amends_id or not over(row, clock.now()):
        return False
    step = steps.begin(actor, Kind.CONTRACT_EXPIRED, one.request.handle)
    contracts.service.terminate(session, step.id, one.contract, Ending.LAPSED)
    claiming.free(session, step)
    letters.ended(session, step, one.request, None)
    steps.record(session, step, note={"rule": waiver.RULE})
    return True


def _is_known(version: int) -> bool:
    return any(value.name == waiver.YEARS for value in rules.book(version).values)


def _broken(values: Mapping[str, Any]) -> list[str]:
    """Return the blanks whose values do not go with a waiver."""
    fine = {
        "price.model": values.get("price.model", "free") == "free",
        waiver.BLANK: values.get(waiver.BLANK) is True,
        "use.permitted": not _OTHERS & set(values.get("use.permitted", ())),
        _OWN_USE: not values.get(_OWN_USE),
        **{name: not values.get(name) for name in _GRANTED},
    }
    return [name for name, kept in fine.items() if not kept]


def _beside(blanks: list[str], said: str) -> dict[str, list[str]]:
    return {form.PREFIX + name: [said] for name in blanks}
