"""The log's journal: records from which steps can be brought back that a backup does not have.

An entry says of its step that it happened; a record says what it was. It holds the leaf, what the leaf's commitments
open to, and the work that the step's transaction queued. Nothing else is needed: who acted stands in the commitment to
the step, every row that was written in the image that the leaf commits to, whom a personal value concerns in the row.
So a record cannot contradict the log; each value is held against its commitment before anything is written.

Rows that no step writes are not in it; :mod:`market.governance.mending` says what becomes of them.
"""

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Column, MetaData, Table, insert, null, select, update
from sqlalchemy.orm import Session

from ledger import canonical, reader, store
from ledger.canonical import Json, from_base64, to_base64
from ledger.entry import Entry, commitment, format_time, parse, parse_time
from ledger.errors import FormError, ProofError
from ledger.models import LedgerEntry, LedgerLeaf
from market.jobs import Job
from market.steps import erasing, images, recovering
from market.steps.models import Step, StepImage, Vault

VERSION: Final = 1
STEP: Final = "step"
"""The field under which an entry commits to its step."""
_OF_ROW: Final = re.compile(r"([a-z_]+)(?:\.([1-9][0-9]*))?")
"""Name of a row's field: its table, and from the second row of a table on its number."""


@dataclass(frozen=True)
class Opening:
    """What one commitment opens to.

    Attributes:
        field: name of the commitment in the leaf.
        salt: 32 bytes.
        value: the value's canonical JSON.
    """

    field: str
    salt: bytes
    value: str


@dataclass(frozen=True)
class Work:
    """A job that the step's transaction queued."""

    id: uuid.UUID
    name: str
    payload: dict[str, Any]
    due_at: datetime


@dataclass(frozen=True)
class Record:
    """One entry, and what it takes to bring its step back.

    Attributes:
        index: the entry's place in the log.
        leaf: its bytes.
        openings: of its commitments, by field; those that were erased when the record was made are not there.
        jobs: what it queued; handlers are idempotent, so that what was done already does no harm.
    """

    index: int
    leaf: bytes
    openings: tuple[Opening, ...]
    jobs: tuple[Work, ...] = ()

    def encode(self) -> bytes:
        """Return the record as canonical JSON."""
        return canonical.encode(
            {
                "v": VERSION,
                "index": self.index,
                "leaf": to_base64(self.leaf),
                "open": [[one.field, one.salt.hex(), one.value] for one in self.openings],
                "jobs": [
                    [str(one.id), one.name, images.plain(one.payload), format_time(one.due_at)]
                    for one in self.jobs
                ],
            }
        )


def decode(data: bytes) -> Record:
    """Return the record of :meth:`Record.encode`.

    Raises:
        FormError: the bytes are no record.
    """
    value: Any = canonical.decode(data)
    try:
        if value["v"] != VERSION or type(value["index"]) is not int:
            raise FormError(f"not a journal record of version {VERSION}")
        record = Record(
            value["index"],
            from_base64(value["leaf"]),
            tuple(Opening(str(name), bytes.fromhex(salt), str(text)) for name, salt, text in value["open"]),
            tuple(
                Work(uuid.UUID(id), str(name), dict(payload), parse_time(due))
                for id, name, payload, due in value["jobs"]
            ),
        )
        same = record.encode() == data
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FormError(f"not a journal record: {error!r}") from error
    if not same:
        raise FormError("a journal record in another form than the product writes")
    return record


def pages(session: Session, first: int, size: int, below: int | None = None) -> list[Record]:
    """Return the records of consecutive entries, in the order of the log.

    It ends before a record that lacks an opening because of an erasure that is not below a given head: whoever has
    only what lies below could not tell an erased value from a lost one. So with an entry that was recovered without its
    values, of which the record has no opening at all.

    Args:
        session: a reading session.
        first: index of the first entry.
        size: how many at most.
        below: size of the head whose entries the other side has; the whole log when None.
    """
    end = first + size if below is None else min(first + size, below)
    rows = session.execute(
        select(LedgerLeaf.idx, LedgerEntry.id, LedgerEntry.leaf)
        .join(LedgerEntry, LedgerEntry.id == LedgerLeaf.entry_id)
        .where(LedgerLeaf.idx >= first, LedgerLeaf.idx < end)
        .order_by(LedgerLeaf.idx)
    ).all()
    ids = [row.id for row in rows]
    opened: dict[uuid.UUID, list[Opening]] = {}
    for one in session.scalars(select(Vault).where(Vault.entry_id.in_(ids)).order_by(Vault.field)):
        opened.setdefault(one.entry_id, []).append(Opening(one.field, one.salt, one.value))
    queued: dict[uuid.UUID, list[Work]] = {}
    for job in session.scalars(select(Job).where(Job.cause_id.in_(ids)).order_by(Job.due_at, Job.id)):
        if job.cause_id is not None:
            queued.setdefault(job.cause_id, []).append(Work(job.id, job.name, job.payload, job.due_at))
    records = [
        Record(row.idx, row.leaf, tuple(opened.get(row.id, ())), tuple(queued.get(row.id, ())))
        for row in rows
    ]
    return records if below is None else _settled(session, records, below)


def _settled(session: Session, records: list[Record], below: int) -> list[Record]:
    """Return the records before the first that lacks an opening whose erasure does not lie below a head."""
    told: _Told | None = None
    for place, record in enumerate(records):
        entry = parse(record.leaf)
        lacking = entry.commitments.keys() - {one.field for one in record.openings}
        if not lacking:
            continue
        told = told or _Told(session, below)
        if not told.lacks(entry, lacking):
            return records[:place]
    return records


class _Told:
    """What the entries below a head say that nobody can open any more.

    Args:
        session: a reading session.
        below: size of the head.
    """

    def __init__(self, session: Session, below: int) -> None:
        first = select(LedgerLeaf.entry_id).where(LedgerLeaf.idx < below)
        covered = set(session.scalars(first))
        self._erased = {
            pair for entry_id, pairs in erasing.erasures(session) if entry_id in covered for pair in pairs
        }
        self._lost = {entry_id for entry_id, claim in recovering.claimed(session).items() if claim in covered}

    def lacks(self, entry: Entry, fields: Collection[str]) -> bool:
        """Tell whether they say so of each of some fields of an entry."""
        return entry.id in self._lost or all((entry.id, name) in self._erased for name in fields)


def stateful(metadata: Sequence[MetaData]) -> dict[str, Table]:
    """Return the tables whose rows are written by steps, those first that others refer to.

    Args:
        metadata: the tables of all rooms.
    """
    tables = [table for source in metadata for table in source.sorted_tables]
    return {table.name: table for table in tables if "step_id" in table.c and table.name != "step_image"}


def replay(session: Session, record: Record, tables: Mapping[str, Table]) -> None:
    """Bring a step back: its rows, images, openings, Step, entry and leaf as they were, and its jobs.

    Personal values that were erased since are left out as the erasure left them; the entry that erased them takes out
    what earlier records still had.

    Args:
        session: the session of the caller's transaction, in which nothing else may give entries a place.
        record: of the entry that comes next in the log.
        tables: from :func:`stateful`.

    Raises:
        FormError: the record is not of this version's tables, or not of the next entry.
        ProofError: a value does not open its commitment.
    """
    if record.index != reader.size(session):
        raise FormError(f"record {record.index} does not follow {reader.size(session)} entries")
    entry = parse(record.leaf)
    found = _Found.of(entry, record, tables)
    if entry.erased:
        erasing.overwrite(session)
    for row in found.rows:
        _put(session, row, entry.id)
    if found.rows:
        session.execute(insert(StepImage), [row.listed(entry.id) for row in found.rows])
    session.execute(insert(Vault), found.vault)
    session.execute(insert(Step), [found.step])
    store.put_back(session, record.index, entry.id, record.leaf)
    if entry.erased:
        erasing.erase_listed(session, entry.erased)
    session.add_all(
        Job(id=one.id, name=one.name, payload=one.payload, due_at=one.due_at, cause_id=entry.id)
        for one in record.jobs
    )
    session.flush()


@dataclass(frozen=True)
class _Row:
    """A row that a step wrote.

    Attributes:
        table: where.
        field: of its image in the leaf.
        image: its columns, in canonical form.
        values: its columns as the database holds them.
    """

    table: Table
    field: str
    image: Mapping[str, Any]
    values: dict[str, Any]

    @property
    def id(self) -> uuid.UUID:
        return cast("uuid.UUID", self.values["id"])

    def listed(self, step_id: uuid.UUID) -> dict[str, Any]:
        return {"step_id": step_id, "row_id": self.id, "table": self.table.name, "field": self.field}


@dataclass(frozen=True)
class _Found:
    """What a record comes to.

    Attributes:
        step: the columns of the Step.
        rows: what it wrote, those first that others refer to.
        vault: its openings as rows.
    """

    step: dict[str, Any]
    rows: list[_Row]
    vault: list[dict[str, Any]]

    @classmethod
    def of(cls, entry: Entry, record: Record, tables: Mapping[str, Table]) -> "_Found":
        values = _opened(entry, record)
        images_ = {name: value for name, value in values.items() if _is_image(value)}
        order = {name: place for place, name in enumerate(tables)}
        rows = [_row(name, image, values, tables) for name, image in images_.items()]
        rows.sort(key=lambda row: (order[row.table.name], _number(row.field)))
        subjects: dict[str, uuid.UUID | None] = {STEP: None}
        subjects |= {name: None for name in entry.commitments if recovering.is_claim(entry, name)}
        for row in rows:
            subjects[row.field] = None
            for column in erasing.personal_columns(row.table):
                subjects[f"{row.field}.{column.name}"] = row.values[column.info["personal"]]
        if strange := entry.commitments.keys() - subjects.keys():
            raise FormError(f"entry {entry.id}: {min(strange)} is of no row that steps write")
        for name in entry.commitments.keys() - values.keys():
            if subjects[name] is None:
                raise ProofError(f"entry {entry.id}: {name} cannot be opened, and nobody can have erased it")
        vault = [
            {"entry_id": entry.id, "subject": subjects[one.field], **vars(one)} for one in record.openings
        ]
        return cls(_step(entry, values), rows, vault)


def _opened(entry: Entry, record: Record) -> dict[str, Json]:
    """Return by field what a leaf's commitments open to, each held against its commitment."""
    values: dict[str, Json] = {}
    for one in record.openings:
        value = canonical.decode(one.value.encode())
        if commitment(one.salt, one.field, value) != entry.commitments.get(one.field):
            raise ProofError(f"entry {entry.id}: {one.field} opens to something else than was committed")
        values[one.field] = value
    if STEP not in values:
        raise ProofError(f"entry {entry.id}: {STEP} cannot be opened, and nobody can have erased it")
    return values


def _is_image(value: Json) -> bool:
    return isinstance(value, dict) and {"table", "id"} <= value.keys()


def _number(name: str) -> int:
    """Return which row of its table a field is of, counted from 1."""
    return int(name.partition(".")[2] or 1)


def _row(name: str, image: Any, values: Mapping[str, Json], tables: Mapping[str, Table]) -> _Row:
    """Return a row from its image and its personal values; one that is not there is blank, as an erasure leaves it."""
    named = _OF_ROW.fullmatch(name)
    table = tables.get(str(image["table"]))
    if table is None or named is None or named[1] != table.name:
        raise FormError(f"{name} is of no table that steps write")
    personal = {column.name for column in erasing.personal_columns(table)}
    expected = {column.name for column in table.c} - personal - {"step_id"} | {"table"}
    if image.keys() != expected:
        wrong = ", ".join(sorted(image.keys() ^ expected))
        raise FormError(
            f"{name}: the table has other columns ({wrong}): bring back with the version that wrote it"
        )
    row_id = images.stored(table.c.id, image["id"])
    kept: dict[str, Any] = {}
    for column in (column for column in table.c if column.name != "step_id"):
        if column.name not in personal:
            kept[column.name] = images.stored(column, image[column.name])
        elif (committed := f"{name}.{column.name}") in values:
            kept[column.name] = images.stored(column, values[committed])
        else:
            kept[column.name] = erasing.blank(column, row_id)
    return _Row(table, name, image, kept)


def _put(session: Session, row: _Row, step_id: uuid.UUID) -> None:
    """Write a row as its image has it, whether it was there before or not."""
    values = {name: null() if value is None else value for name, value in row.values.items()}
    values["step_id"] = step_id
    key: Column[Any] = row.table.c.id
    if session.scalar(select(key).where(key == row.id)) is None:
        session.execute(insert(row.table).values(values))
    else:
        session.execute(update(row.table).where(key == row.id).values(values))


def _step(entry: Entry, values: Mapping[str, Json]) -> dict[str, Any]:
    """Return the columns of a Step from its leaf and what the leaf commits to about it."""
    about: Any = values[STEP]
    try:
        actor = about["actor"]
        said = {
            "user_id": actor["user"],
            "organisation_id": actor["organisation"],
            "actor": actor["name"],
            "via": actor["via"],
            "given_digest": about["given"],
        }
    except (KeyError, TypeError) as error:
        raise FormError(f"entry {entry.id}: what it says of its step is not understood") from error
    columns = cast("Table", Step.__table__).c
    known = {name: images.stored(columns[name], value) for name, value in said.items()}
    return recovering.columns_of(entry) | known
