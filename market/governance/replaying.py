"""Replays a log's journal into a restored database, up to where the journal goes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sqlalchemy import Table
from sqlalchemy.exc import DataError, IntegrityError

from ledger.errors import FormError, LedgerError, ProofError
from market import migrations
from market.db import transaction
from market.governance.archive import DamagedError
from market.steps import journal
from market.steps.journal import Record
from market.wire import WireError
from market.witnessing.fetching import JournalEnds

BATCH: Final = 100
"""Records that are written in one transaction: whole steps, so that it may be interrupted anywhere."""


def replay(records: Iterator[Record], leaf: Callable[[int], bytes]) -> str:
    """Bring steps back in an application whose database nothing else writes to; then call ``mending.mend``.

    Args:
        records: in the order of the log, from the entry that the database lacks first (:func:`~market.witnessing.
            fetching.fetch`); asked for with no transaction open.
        leaf: returns the bytes of an entry by its index, from a copy of the log that was proved against a head.

    Returns:
        Why it ended before the records that were asked for did; empty when it did not. What came before is written.

    Raises:
        DamagedError: a record is of another history than the log, does not open its entry's commitments, or is of
            another version of the tables; what came before its batch is written.
    """
    tables = journal.stateful(migrations.metadata())
    why = ""
    while not why:
        batch, why = _next(records)
        if not batch:
            break
        _write(batch, leaf, tables)
    return why


def _write(batch: list[Record], leaf: Callable[[int], bytes], tables: Mapping[str, Table]) -> None:
    try:
        with transaction() as session:
            for record in batch:
                _require_of_log(record, leaf)
                journal.replay(session, record, tables)
    except (FormError, ProofError, IntegrityError, DataError) as error:
        reach = f"{batch[0].index} to {batch[-1].index}"
        raise DamagedError(
            f"the journal's records of entries {reach} cannot be brought back: {error}"
        ) from error


def _require_of_log(record: Record, leaf: Callable[[int], bytes]) -> None:
    if leaf(record.index) != record.leaf:
        raise ProofError(f"entry {record.index} of the log is another one")


def _next(records: Iterator[Record]) -> tuple[list[Record], str]:
    """Return the next records, and why there are no more, if that is no regular end."""
    batch: list[Record] = []
    try:
        for record in records:
            batch.append(record)
            if len(batch) == BATCH:
                break
    except (JournalEnds, WireError, LedgerError) as error:
        return batch, str(error)
    return batch, ""
