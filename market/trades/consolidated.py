"""What was in force on a day: the consolidated view of a trade's contract, read from its steps and rows.

The newest amendment in force restates all terms, so the document in force at a moment is that of the last contract
that had come into force by then. Where the agreement stood is what the last step before the moment wrote of it.
"""

import dataclasses
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from contracts import canonical, library, redline
from contracts.terms import Terms
from market import clock, steps
from market.actor import Actor
from market.contracting import comparing, proposals, reading
from market.contracting.reading import Agreed
from market.errors import Invalid
from market.fields import Day
from market.i18n import CHINA, lazy
from market.i18n import gettext as _
from market.steps import Step

NOT_YET: Final = "NOT_YET"
LABELS: Final[Mapping[str, Any]] = {
    NOT_YET: lazy("Not yet in force"),
    "ACTIVE": lazy("In force"),
    "SUSPENDED": lazy("Suspended"),
    "EXPIRED": lazy("Expired"),
    "TERMINATED": lazy("Terminated"),
}
"""What the reader is told of where the agreement stood."""


@dataclass(frozen=True)
class Link:
    """One contract of a trade that had come into force.

    Attributes:
        agreed: the contract.
        since: when it came into force (aware UTC).
        entry_id: the entry that says so.
        index: its place in the log, None until integrated.
        by: role of the side that proposed it; None for the first.
        changes: the blanks it fills otherwise than the contract before.
        sections: the articles and schedules that read otherwise, as a redline.
    """

    agreed: Agreed
    since: datetime
    entry_id: uuid.UUID
    index: int | None
    by: str | None
    changes: list[redline.Change]
    sections: list[redline.Section]


@dataclass(frozen=True)
class Then:
    """A trade as it stood at a moment.

    Attributes:
        number: of the trade.
        title: of the data.
        moment: aware UTC.
        state: ``NOT_YET``, ``ACTIVE``, ``SUSPENDED``, ``EXPIRED`` or ``TERMINATED``.
        term: first moment and end of the term as it was then; None before it was in force.
        line: what had come into force by then, oldest first; the last one is the text in force, or was to the end.
    """

    number: str
    title: str
    moment: datetime
    state: str
    term: tuple[datetime, datetime] | None
    line: list[Link]


def moment_of(text: str) -> datetime:
    """Return the moment that an address names: the end of a day in China, or a moment with its time zone.

    Of today the present moment is meant.

    Raises:
        Invalid: ``moment.invalid``: it is neither; ``moment.ahead``: it lies in the future.
    """
    now = clock.now()
    try:
        found = _end_of_day(text, now) if len(text) == len("2026-11-22") else _exactly(text)
    except ValueError as error:
        raise Invalid(
            "moment.invalid",
            _("Write a day such as 2026-11-22, or a moment with its time zone such as 2026-11-22T11:00:00Z."),
        ) from error
    if found > now:
        raise Invalid("moment.ahead", _("This day lies ahead; nobody knows what will be in force then."))
    return found


def at(session: Session, actor: Actor, number: str, moment: datetime) -> Then:
    """Return how a trade stood at a moment.

    Args:
        session: a session that reads.
        actor: who asks.
        number: of the trade, or of any of its amendments.
        moment: aware.

    Raises:
        NotFound: no such contract, or other parties'.
    """
    asked = reading.found(session, actor, number).request
    first = reading.first_number(session, asked)
    state, term = NOT_YET, None
    for step, image in steps.images_of(session, asked.handle, "agreement"):
        if step.time <= moment:
            state = image["state"]
            term = tuple(datetime.fromisoformat(image[name]) for name in ("term_from", "term_until"))
    return Then(
        number=first,
        title=asked.title,
        moment=moment,
        state=state,
        term=None if term is None else (term[0], term[1]),
        line=[link for link in line(session, asked.handle) if link.since <= moment],
    )


def line(session: Session, handle: str) -> list[Link]:
    """Return every contract of a trade that came into force, oldest first, each with what it changed."""
    found: list[Link] = []
    told = {step.id: (step, index) for step, index in steps.story(session, handle)}
    rows = [
        (request, contract)
        for request, contract in proposals.line(session, handle)
        if contract.final_digest is not None
    ]
    for request, contract in sorted(rows, key=lambda row: told[row[1].step_id][0].seq):
        step, index = told[contract.step_id]
        one = reading.agreed(session, request.contract_id)
        before = found[-1].agreed if found else None
        found.append(_link(one, before, step, index))
    return found


def plain(then: Then) -> dict[str, Any]:
    """Return it for a program."""
    contract = then.line[-1].agreed.contract if then.line else None
    return {
        "number": then.number,
        "title": then.title,
        "moment": then.moment,
        "state": then.state,
        "term_from": then.term[0] if then.term else None,
        "term_until": then.term[1] if then.term else None,
        "contract": contract.number if contract else None,
        "terms": canonical.decode(contract.terms.encode()) if contract else None,
        "terms_digest": contract.terms_digest if contract else None,
        "document_digest": contract.document_digest if contract else None,
        "final_digest": contract.final_digest if contract else None,
        "pages": len(reading.page_digests(contract)) if contract else None,
        "line": [_plain(link) for link in then.line],
    }


def _plain(link: Link) -> dict[str, Any]:
    return {
        "contract": link.agreed.contract.number,
        "since": link.since,
        "entry_id": link.entry_id,
        "index": link.index,
        "by": link.by,
        "changes": [comparing.plain(change) for change in link.changes],
        "clauses": [comparing.section(one) for one in link.sections],
    }


def _link(one: Agreed, before: Agreed | None, step: Step, index: int | None) -> Link:
    changes, sections = _changed(one, before) if before else ([], [])
    by = one.contract.versions[0].role.value if before else None
    return Link(one, step.time, step.entry_id, index, by, changes, sections)


def _changed(one: Agreed, before: Agreed) -> tuple[list[redline.Change], list[redline.Section]]:
    """Return what an amendment changed; what makes each contract another one (number, date) is no change."""
    new, old = one.terms, before.terms
    if not isinstance(new, Terms) or not isinstance(old, Terms):
        return [], []
    model = library.load(new.model)
    plain = dataclasses.replace(new, amends=None, origin=None)
    was = dataclasses.replace(plain, values=old.values)
    return redline.changes(model, old.values, new.values), redline.sections(model, was, plain)


def _end_of_day(text: str, now: datetime) -> datetime:
    day = date.fromisoformat(text)
    if day.isoformat() != text:  # the library also reads weeks
        raise ValueError(text)
    _require_near(day)
    if day == now.astimezone(CHINA).date():
        return now
    return datetime.combine(day, time(), CHINA) + timedelta(days=1, milliseconds=-1)


def _exactly(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    _require_near(found.date())
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def _require_near(day: date) -> None:
    """Refuse a day so far away that it cannot be moved to another time zone."""
    if not Day.FIRST <= day <= Day.LAST:
        raise ValueError(day)
