"""The auditor's search: entries by object, party, kind and time, page by page, or all of them as a file."""

import csv
import io
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from ledger.models import LedgerLeaf
from market import clock, paging
from market.actor import Actor
from market.contracting import reading as contracting
from market.db import read
from market.errors import NotFound
from market.i18n import CHINA
from market.paging import Page
from market.participants import service as participants
from market.permissions import Relation, require
from market.registry import reading as registry
from market.steps import Step
from market.trades import service as trades

MOST: Final = 50_000
"""Rows of one exported file; a narrower search takes what is left."""
CHUNK: Final = 500
COLUMNS: Final = (
    "time",
    "index",
    "entry_id",
    "kind",
    "object",
    "seq",
    "rules",
    "actor",
    "organisation_id",
    "via",
)
"""Columns of an exported file."""


@dataclass(frozen=True)
class Search:
    """What is looked for; empty parts ask nothing.

    Attributes:
        words: number of a trade or asset, handle of an object, id of an entry, or name of an actor.
        party: name, part of a name, credit code or id of an organisation: its own steps, and all of its matters.
        kind: kind of the step.
        since: first day, in China Standard Time.
        until: last day.
    """

    words: str = ""
    party: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None


def wanted(query: Mapping[str, Any]) -> Search:
    """Return the search that an address asks for, as the schema of entries read it."""
    return Search(query["q"], query["party"], query.get("kind", ""), query.get("since"), query.get("until"))


def search(
    session: Session, actor: Actor, wanted: Search, cursor: str | None = None, size: int = paging.SIZE
) -> Page[Step]:
    """Return a page of steps, newest first.

    Raises:
        Forbidden: the actor is not an auditor.
        Invalid: the cursor is not one of ours.
    """
    require(actor, "trade.audit", Relation.OTHER)
    return paging.page(session, _query(session, actor, wanted), Step.time, Step.id, cursor, size)


def indexes(session: Session, steps: list[Step]) -> dict[uuid.UUID, int]:
    """Return the places of steps in the log, by entry; those that are not integrated are left out."""
    wanted = LedgerLeaf.entry_id.in_([step.id for step in steps])
    query = select(LedgerLeaf.entry_id, LedgerLeaf.idx).where(wanted)
    return {row.entry_id: row.idx for row in session.execute(query)}


def rows(actor: Actor, wanted: Search) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file, newest first, at most `MOST`; each page is read by itself, so no door stays open.

    Raises:
        Forbidden: the actor is not an auditor.
    """
    cursor: str | None = None
    for _page in range(MOST // CHUNK):
        with read() as session:
            found = search(session, actor, wanted, cursor, CHUNK)
            places = indexes(session, found.items)
        for step in found.items:
            yield {
                "time": clock.text(step.time),
                "index": places.get(step.id),
                "entry_id": str(step.id),
                "kind": step.kind,
                "object": step.object,
                "seq": step.seq,
                "rules": step.rules,
                "actor": step.actor,
                "organisation_id": None if step.organisation_id is None else str(step.organisation_id),
                "via": step.via,
            }
        cursor = found.next
        if cursor is None:
            return


def as_csv(found: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180); no cell begins a formula."""
    yield _line(COLUMNS)
    for row in found:
        yield _line([_cell(row[name]) for name in COLUMNS])


def as_json(found: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield a JSON array, row by row."""
    yield "["
    for number, row in enumerate(found):
        yield (",\n" if number else "\n") + json.dumps(row, ensure_ascii=False)
    yield "\n]\n"


def _query(session: Session, actor: Actor, wanted: Search) -> Select[Step]:
    query: Select[Any] = select(Step)
    if wanted.kind:
        query = query.where(Step.kind == wanted.kind)
    if wanted.since is not None:
        query = query.where(Step.time >= _begin(wanted.since))
    if wanted.until is not None:
        query = query.where(Step.time < _begin(wanted.until) + timedelta(days=1))
    if words := wanted.words.strip():
        meant = (Step.object == _handle(session, actor, words)) | (Step.actor == words)
        if entry_id := _uuid(words):
            meant |= Step.id == entry_id
        query = query.where(meant)
    if party := wanted.party.strip():
        named = _uuid(party)
        ids = [named] if named else participants.called(session, party)
        query = query.where(
            or_(
                Step.organisation_id.in_(ids),
                Step.object.in_(contracting.handles_of(ids)),
                Step.object.in_(registry.handles_of(ids)),
            )
        )
    return query


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def _handle(session: Session, actor: Actor, words: str) -> str:
    """Return the handle of the trade or asset with this number; else the words may be a handle themselves."""
    asset = registry.by_number(session, words.upper())
    if asset is not None:
        return asset.handle
    try:
        return trades.seen(session, actor, words.upper()).trade.handle
    except NotFound:
        return words.lower()


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _line(values: Any) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(values)
    return out.getvalue()
