"""Recovering: entries that a copy of the log has and the database lost, put back at their places.

The log is whole again, byte for byte. What its leaves commit to is not: who acted, with what input, and how the rows
stood afterwards was in the lost database alone. So such an entry becomes a Step that says what its leaf says, its kind
too, for the leaf cannot change; its actor says that it was recovered. Its object is frozen, since nobody here knows how
it stands (:func:`market.steps.record`). One ``exchange.recovered`` entry says in its own leaf, to everybody and for
ever, of which entries the values are gone; fsck excuses those and no others.
"""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import store
from ledger.canonical import Json
from ledger.entry import Entry, parse
from ledger.errors import DamagedError, LedgerError
from ledger.models import LedgerEntry, LedgerLeaf
from ledger.scan import scan
from market.steps.kinds import Kind
from market.steps.models import Step
from market.steps.record import RECOVERY, is_frozen, write_step

_WHO: Final = {
    "user_id": None,
    "organisation_id": None,
    "actor": "recovered",
    "via": RECOVERY,
    "given_digest": "",
}
"""Who took such a step with what input is not known; no input has an empty digest, so none counts as a repetition."""

_CLAIM: Final = re.compile(r"recovered\.(0|[1-9][0-9]*)\.([1-9][0-9]*)")

Bring = Callable[[Session, int, bytes], bool]
"""Writes the entry of an index, given its leaf, with its Step, images, openings and rows as they were, and says whether
it could. It is asked for each entry in the log's order: the place for whoever kept what the database lost."""


@dataclass(frozen=True)
class Gone:
    """An entry that was put back without its values.

    Attributes:
        index: its place.
        entry: what its leaf says.
    """

    index: int
    entry: Entry


def nobody_knows(_session: Session, _index: int, _leaf: bytes) -> bool:
    """Bring nothing back: nobody kept the values."""
    return False


def put_back(
    session: Session, first: int, leaves: Iterable[bytes], bring: Bring = nobody_knows
) -> list[Gone]:
    """Write entries that the log held before, in their order, each with its Step.

    Args:
        session: the session of the one transaction.
        first: index of the first of them, the next one of this database.
        leaves: their bytes, known to stand under a signed head.
        bring: writes an entry of which more is known.

    Returns:
        Those whose values are gone.

    Raises:
        DamagedError: one is no leaf, is of a kind that only a newer version knows, or is another one here.
    """
    gone = []
    for index, leaf in enumerate(leaves, first):
        entry = _read(index, leaf)
        # On PostgreSQL a backup can hold an entry that the sequencer had not come by yet: nothing of it is lost.
        if session.scalar(select(Step.id).where(Step.id == entry.id)) is None:
            if bring(session, index, leaf):
                continue
            write_step(session, columns_of(entry) | _WHO)
            gone.append(Gone(index, entry))
        store.put_back(session, index, entry.id, leaf)
    return gone


def frozen_handles(session: Session, gone: Iterable[Gone]) -> list[str]:
    """Return the handles whose last step was put back without its values, each once."""
    handles = dict.fromkeys(one.entry.handle for one in gone)
    return [handle for handle in handles if is_frozen(session, handle)]


def spans(indexes: Iterable[int]) -> list[range]:
    """Return ascending indexes as stretches without a gap."""
    found: list[range] = []
    for index in indexes:
        if found and found[-1].stop == index:
            found[-1] = range(found[-1].start, index + 1)
        else:
            found.append(range(index, index + 1))
    return found


def claims(stretches: Sequence[range]) -> dict[str, Json]:
    """Return what an ``exchange.recovered`` leaf commits to under names that say of which entries the values are gone.

    Args:
        stretches: of their indexes.
    """
    return {f"recovered.{one.start}.{one.stop}": {"first": one.start, "end": one.stop} for one in stretches}


def is_claim(entry: Entry, field: str) -> bool:
    """Tell whether a field of an entry is of no row, but says of which entries the values are gone."""
    return entry.kind == Kind.EXCHANGE_RECOVERED.value and _CLAIM.fullmatch(field) is not None


def recovered(session: Session) -> list[Step]:
    """Return every step that was put back without its values, in the order of the log."""
    query = select(Step).join(LedgerLeaf, LedgerLeaf.entry_id == Step.id).where(Step.via == RECOVERY)
    return list(session.scalars(query.order_by(LedgerLeaf.idx)))


def claimed(session: Session) -> dict[uuid.UUID, uuid.UUID]:
    """Return entry -> the entry that says its values are gone, of each whose Step says so too.

    Both must say it: the Step alone would let whoever can change a row hide what an entry committed to.
    """
    rows = scan(session, _table(Step), where=Step.via == RECOVERY)
    said = {row.values["id"] for row in rows if all(row.values[name] == _WHO[name] for name in _WHO)}
    found: dict[uuid.UUID, uuid.UUID] = {}
    if not said:
        return found
    for stretch, claim in _claims(session):
        within = LedgerLeaf.idx.between(stretch.start, stretch.stop - 1)
        for row in scan(session, _table(LedgerLeaf), where=within):
            if row.values["entry_id"] in said:
                found[row.values["entry_id"]] = claim
    return found


def told(session: Session) -> Iterator[str]:
    """Yield one line for each stretch of entries whose values are gone, as their claim says."""
    for stretch, claim in _claims(session):
        yield (
            f"entries {stretch.start} to {stretch.stop - 1} stand without their values: recovered from a mirror, "
            f"says entry {claim}"
        )


def _claims(session: Session) -> Iterator[tuple[range, uuid.UUID]]:
    """Yield what the leaves claim; never of entries that stand behind the claim itself."""
    claiming = select(Step.id).where(Step.kind == Kind.EXCHANGE_RECOVERED.value)
    for row in list(scan(session, _table(LedgerEntry), where=LedgerEntry.id.in_(claiming), order="seq")):
        try:
            entry = parse(row.values["leaf"])
        except (LedgerError, TypeError):
            continue  # fsck names it with the openings
        place = session.scalar(select(LedgerLeaf.idx).where(LedgerLeaf.entry_id == entry.id))
        if entry.kind != Kind.EXCHANGE_RECOVERED.value:
            continue
        for name in entry.commitments:
            match = _CLAIM.fullmatch(name)
            stretch = range(*map(int, match.groups())) if match else range(0)
            if stretch and (place is None or stretch.stop <= place):
                yield stretch, entry.id


def _read(index: int, leaf: bytes) -> Entry:
    try:
        entry = parse(leaf)
        Kind(entry.kind)
    except LedgerError as error:
        raise DamagedError(f"index {index}: {error}") from error
    except ValueError as error:
        raise DamagedError(
            f"index {index}: this version knows no {entry.kind}: use the one that wrote it"
        ) from error
    return entry


def columns_of(entry: Entry) -> dict[str, Any]:
    """Return the columns of a Step that its leaf says."""
    return {
        "id": entry.id,
        "kind": entry.kind,
        "object": entry.handle,
        "seq": entry.seq,
        "rules": entry.rules,
        "time": entry.time,
    }


def _table(model: Any) -> Any:
    return model.__table__
