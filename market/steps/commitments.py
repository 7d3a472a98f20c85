"""Every entry of the log against what the database keeps of it: its Step, its images, what its commitments open to."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Table
from sqlalchemy.orm import Session

from ledger import canonical
from ledger import entry as entries
from ledger.canonical import Json
from ledger.entry import Entry, commitment
from ledger.errors import LedgerError
from ledger.models import LedgerEntry
from ledger.scan import Row, scan
from market.steps.models import Step, StepImage, Vault

BATCH = 500
"""Entries looked at at a time."""

_ACTOR = (("user_id", "user"), ("organisation_id", "organisation"), ("actor", "name"), ("via", "via"))


class Said(NamedTuple):
    """Something that does not hold."""

    where: str
    what: str


@dataclass(frozen=True)
class Excused:
    """Commitments that nobody can open, and which entry says so to everybody.

    Attributes:
        erased: (entry, field) -> the entry that says it was destroyed.
        gone: entry -> the entry that says it was recovered without its values.
    """

    erased: Mapping[tuple[uuid.UUID, str], uuid.UUID]
    gone: Mapping[uuid.UUID, uuid.UUID]


def check(session: Session, tables: Mapping[str, Table], excused: Excused) -> Iterator[Said]:
    """Yield every contradiction between entries and the rows that stand for them.

    Args:
        session: a reading session.
        tables: every table by name.
        excused: what need not open.
    """
    leaves: dict[Any, Entry] = {}
    known: set[Any] = set()
    last: dict[str, int] = {}
    for row in scan(session, _table(LedgerEntry), order="seq"):
        known.add(row.values["id"])
        try:
            leaves[row.values["id"]] = entries.parse(row.values["leaf"])
        except (LedgerError, TypeError) as error:
            yield Said(f"entry {row.values['id']}", f"column leaf: {error}")
        if len(leaves) == BATCH:
            yield from _check_entries(session, leaves, tables, excused, last)
            leaves = {}
    yield from _check_entries(session, leaves, tables, excused, last)
    for model, column in ((Step, "id"), (StepImage, "step_id"), (Vault, "entry_id")):
        for row in scan(session, _table(model)):
            if row.values[column] not in known:
                yield Said(f"{_where(model, row)}", f"column {column}: there is no such entry")


def values(session: Session, wanted: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[str, Json]]:
    """Return what entries open to, by entry and field; what cannot be read is left out."""
    found: dict[uuid.UUID, dict[str, Json]] = {}
    for row in scan(session, _table(Vault), where=Vault.entry_id.in_(set(wanted))):
        try:
            value = json.loads(row.values["value"])
        except (TypeError, ValueError):
            continue
        found.setdefault(row.values["entry_id"], {})[row.values["field"]] = value
    return found


def _check_entries(
    session: Session,
    leaves: dict[Any, Entry],
    tables: Mapping[str, Table],
    excused: Excused,
    last: dict[str, int],
) -> Iterator[Said]:
    ids = [key for key in leaves if isinstance(key, uuid.UUID)]
    steps = {row.values["id"]: row for row in scan(session, _table(Step), where=Step.id.in_(ids))}
    vault = _by_entry(session, Vault, Vault.entry_id.in_(ids), "entry_id")
    shown = _by_entry(session, StepImage, StepImage.step_id.in_(ids), "step_id")
    for entry_id, entry in leaves.items():
        expected = last.get(entry.handle, -1) + 1
        if entry.seq != expected:
            what = f"seq {entry.seq}, expected {expected}: a step of {entry.handle} is missing"
            yield Said(f"entry {entry_id}", what)
        last[entry.handle] = entry.seq
        held = {row.values["field"]: row for row in vault.get(entry_id, [])}
        opened: dict[str, Any] = {}
        for where, what in _open(entry, held, excused, opened, tables):
            yield Said(where, what)
        step = steps.get(entry_id)
        if step is None:
            yield Said(f"entry {entry_id}", "has no step")
        else:
            yield from _check_step(step, entry, opened.get("step"))
        yield from _check_images(entry_id, shown.get(entry_id, []), held, opened, tables)


def _is_personal(field: str, tables: Mapping[str, Table]) -> bool:
    """Tell whether a field is that of a personal column: nothing else can be erased."""
    name, _dot, rest = field.partition(".")
    column = rest.rpartition(".")[2]
    return name in tables and column in tables[name].c and "personal" in tables[name].c[column].info


def _open(
    entry: Entry,
    held: dict[str, Row],
    excused: Excused,
    opened: dict[str, Any],
    tables: Mapping[str, Table],
) -> Iterator[Said]:
    """Open every commitment of an entry; the values that hold are put into `opened`."""
    gone = excused.gone.get(entry.id)
    for field, digest in entry.commitments.items():
        row = held.get(field)
        destroyed = excused.erased.get((entry.id, field))
        if row is None:
            if destroyed is None and gone is None:
                yield Said(f"entry {entry.id}", f"{field} cannot be opened and was not erased")
            elif destroyed is not None and gone is None and not _is_personal(field, tables):
                what = f"{field} was erased by entry {destroyed}, but it is no personal value"
                yield Said(f"entry {entry.id}", what)
            continue
        where = _where(Vault, row)
        if destroyed is not None:
            yield Said(where, f"was erased by entry {destroyed} and is there again")
        if gone is not None:
            yield Said(where, f"is gone, says entry {gone}, and is there nevertheless")
        for name, what in row.wrong.items():
            yield Said(where, f"column {name}: {what}")
        try:
            value = json.loads(row.values["value"])
            if canonical.encode(value).decode() != row.values["value"]:
                yield Said(where, "column value: is stored in another form than the product writes")
            if commitment(row.values["salt"], field, value) != digest:
                yield Said(where, "column value or salt: opens to something else than was committed")
            else:
                opened[field] = value
        except (LedgerError, TypeError, ValueError) as error:
            yield Said(where, f"column value or salt: cannot be opened: {error}")
    for field in held.keys() - entry.commitments.keys():
        yield Said(_where(Vault, held[field]), "column field: the entry does not commit to it")


def _check_step(row: Row, entry: Entry, about: Any) -> Iterator[Said]:
    """Hold a Step against its leaf and against what the leaf's commitment to it opens to."""
    where = f"step {entry.id}"
    for name, what in row.wrong.items():
        yield Said(where, f"column {name}: {what}")
    expected: dict[str, object] = {
        "kind": entry.kind,
        "object": entry.handle,
        "seq": entry.seq,
        "rules": entry.rules,
        "time": entry.time,
    }
    stored: dict[str, object] = {**row.values}
    if isinstance(about, dict):  # else it was erased, or is named already
        expected |= {column: about["actor"][name] for column, name in _ACTOR} | {
            "given_digest": about["given"]
        }
        for name in ("user_id", "organisation_id"):
            stored[name] = None if row.values[name] is None else str(row.values[name])
    for name, value in expected.items():
        if name not in row.wrong and stored[name] != value:
            yield Said(where, f"column {name}: is {stored[name]}, the ledger has {value}")


def _check_images(
    entry_id: Any, rows: list[Row], held: dict[str, Row], opened: dict[str, Any], tables: Mapping[str, Table]
) -> Iterator[Said]:
    """Hold the list of rows that a step wrote against the images that its entry commits to."""
    listed = set()
    subjects: dict[str, Any] = {"step": None}
    for row in rows:
        where, field = _where(StepImage, row), row.values["field"]
        listed.add(field)
        for name, what in row.wrong.items():
            yield Said(where, f"column {name}: {what}")
        image = opened.get(field)
        if field not in held:
            yield Said(where, "column field: the entry commits to no such image")
        elif isinstance(image, dict):
            if image.get("table") != row.values["table"]:
                yield Said(where, f"column table: the ledger has {image.get('table')!r}")
            if image.get("id") != str(row.values["row_id"]):
                yield Said(where, f"column row_id: the ledger has {image.get('id')!r}")
            table = tables.get(str(image.get("table")))
            if table is not None:
                subjects |= _subjects(table, field, image)
    yield from _check_subjects(subjects, held)
    for field, image in opened.items():
        if isinstance(image, dict) and {"table", "id"} <= image.keys() and field not in listed:
            yield Said(f"step_image of step {entry_id}", f"the image {field} is listed no more")


def _check_subjects(subjects: Mapping[str, Any], held: Mapping[str, Row]) -> Iterator[Said]:
    """Whom a personal value concerns decides what an erasure destroys."""
    for name, subject in subjects.items():
        row = held.get(name)
        if row is None or "subject" in row.wrong:
            continue
        stored = row.values["subject"]
        if (None if stored is None else str(stored)) != subject:
            yield Said(_where(Vault, row), f"column subject: is {stored}, the ledger has {subject}")


def _subjects(table: Table, field: str, image: Mapping[str, Any]) -> dict[str, Any]:
    """Return by field whom the values of a row's image concern."""
    personal = {column.name: column.info["personal"] for column in table.c if "personal" in column.info}
    return {field: None} | {f"{field}.{name}": image.get(subject) for name, subject in personal.items()}


def _by_entry(session: Session, model: Any, where: ColumnElement[bool], column: str) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = {}
    for row in scan(session, _table(model), where=where):
        found.setdefault(row.values[column], []).append(row)
    return found


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


def _where(model: Any, row: Row) -> str:
    table = _table(model)
    return " ".join([table.name, *(str(row.values[column.name]) for column in table.primary_key.columns)])
