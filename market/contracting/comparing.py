"""The versions of a contract as they are shown: each with what it changed, old ones readable for ever."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from contracts import library, redline, versions
from contracts.library import Clause, Model
from contracts.models import Contract, Remark, Version
from contracts.negotiation import ON_THE_TABLE
from contracts.terms import Terms, parse
from contracts.wording import numeral, pair
from market.actor import Actor
from market.contracting import reading
from market.contracting.reading import Agreed
from market.errors import NotFound
from market.i18n import gettext as _


@dataclass(frozen=True)
class Compared:
    """One version with what it changed.

    Attributes:
        agreed: the contract as it stands now.
        version: the version.
        before: the one it answers; None for the first.
        changes: the blanks it fills differently.
        sections: the articles and schedules that read otherwise, as a redline.
    """

    agreed: Agreed
    version: Version
    before: Version | None
    changes: list[redline.Change]
    sections: list[redline.Section]

    @property
    def pages(self) -> int:
        """How many pages its document has."""
        return len(reading.page_digests(self.version))


def version(session: Session, actor: Actor, number: str, seq: int) -> Compared:
    """Return a version of a contract that the actor may see, held against the one before.

    Raises:
        NotFound: no such contract or version, or other parties'.
    """
    one = reading.found(session, actor, number)
    row = version_of(one.contract, seq)
    before = version_of(one.contract, seq - 1) if seq > 1 else None
    if before is None:
        return Compared(one, row, None, [], [])
    old, new = _terms(before), _terms(row)
    model = library.load(one.contract.model)
    return Compared(
        one,
        row,
        before,
        redline.changes(model, old.values, new.values),
        redline.sections(model, old, new),
    )


def amended(one: Agreed) -> list[redline.Change]:
    """Return what an amendment changes in the contract before it; nothing for a first contract."""
    if not isinstance(one.terms, Terms) or one.terms.amends is None:
        return []
    return redline.changes(library.load(one.contract.model), one.terms.before, one.terms.values)


def version_of(contract: Contract, seq: int) -> Version:
    """Return a version by its place.

    Raises:
        NotFound: there is none.
    """
    if 1 <= seq <= len(contract.versions):
        return contract.versions[seq - 1]
    raise NotFound("contract.no_version", _("The contract has no such version."))


@dataclass(frozen=True)
class Said:
    """A remark as it is shown.

    Attributes:
        row: what was said.
        clause: label and title of the article or schedule, in both languages.
        changes: what a suggestion would change.
        adopted: whether it was taken up.
        open: whether it still can be.
    """

    row: Remark
    clause: dict[str, str]
    changes: list[redline.Change]
    adopted: bool
    open: bool


def remarks(one: Agreed) -> list[Said]:
    """Return what was said on the clauses of a contract, the newest first."""
    contract = one.contract
    if not contract.remarks:
        return []
    model = library.load(contract.model)
    adopted = {row.remark_id for row in contract.versions}
    names = titles(model)
    return [
        Said(
            row=row,
            clause=names[row.clause],
            changes=_suggested(model, contract, row),
            adopted=row.id in adopted,
            open=row.changes is not None and row.seq == contract.version and contract.state in ON_THE_TABLE,
        )
        for row in reversed(contract.remarks)
    ]


def titles(model: Model) -> dict[str, dict[str, str]]:
    """Return what each article and schedule is called, in both languages, by its id, in order."""
    found: dict[str, dict[str, str]] = {}
    for number, clause in enumerate(model.clauses, start=1):
        found[clause.id] = _title(clause, f"第{numeral(number)}条", f"Article {number}")
    for number, schedule in enumerate(model.schedules, start=1):
        found[schedule.id] = _title(schedule, f"附件{numeral(number)}", f"Schedule {number}")
    return found


def _title(clause: Clause, zh: str, en: str) -> dict[str, str]:
    title = pair(clause.title)
    return {"zh": f"{zh} {title['zh']}", "en": f"{en} {title['en']}"}


def _suggested(model: Model, contract: Contract, row: Remark) -> list[redline.Change]:
    if row.changes is None:
        return []
    old = _terms(version_of(contract, row.seq))
    made = versions.apply(model, old, row.clause, json.loads(row.changes))
    return redline.changes(model, old.values, made.values)


def _terms(row: Version) -> Terms:
    return versions.negotiable(parse(row.terms.encode()))


def plain(change: redline.Change) -> dict[str, Any]:
    """Return a change as JSON."""
    return {
        "blank": change.blank,
        "label": pair(change.label),
        "old": change.old,
        "new": change.new,
        "before": None if change.before is None else pair(change.before),
        "after": None if change.after is None else pair(change.after),
    }


def section(one: redline.Section) -> dict[str, Any]:
    """Return a clause that reads otherwise as JSON."""
    return {
        "clause": one.clause,
        "label": pair(one.label),
        "title": pair(one.title),
        "parts": list(one.parts),
    }
