"""Gives committed entries their index on PostgreSQL.

Identity numbers are handed out before commit, so they leave holes and can become visible late; and a lock held by a
trade over its commit would serialise the database's flushes. So writers leave the index open, and one elected
sequencer, in transactions of its own, numbers whatever has become visible. An entry written by someone who saw
another's commit has the higher number, so causes keep standing before their effects.

Where the sequencer has been is a low-water mark that passes settled transactions only: a snapshot (``pg_snapshot``)
in which every visible entry had its index. What is new since is what that snapshot could not see, entries of
transactions that were open then or began later, found by the writer's 64-bit transaction id. A transaction may stay
open for hours: it is one id on a list; one that was rolled back or whose server crashed leaves nothing.

That causes precede effects rests on one snapshot. Whoever saw another's commit commits later, so a snapshot that shows
the effect shows the cause; therefore what is looked for, its bounds, the places given and the next mark are one
statement, begun after the lock. Bounds of an earlier snapshot would let an effect through whose cause they shut out.
For the same reason the upper bound is the snapshot's ``xmax``, at or above which nothing of this server is visible: it
shuts out nothing but the ids of a server that a dump was restored from. Its ``xmin``, the oldest transaction that is
still open, would cut through what is visible: of an effect that an older transaction wrote and a cause that a younger
one wrote before it, it can let through the effect alone.
"""

from dataclasses import dataclass

from sqlalchemy import BigInteger, TextClause, func, literal, literal_column, select, text
from sqlalchemy.orm import Session

from ledger.models import LedgerMark

LOCK = 0x71696C75_6C6F6773
"""Advisory lock of the elected sequencer; any constant of 63 bits that nothing else in the database uses."""
BATCH = 1000
MARK_EVERY = 100
"""Entries after which the mark moves on; so many are looked at twice, and no more."""

_XMAX = "CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)"
_LAST = (
    select(LedgerMark.size, LedgerMark.snapshot, literal_column(_XMAX, BigInteger).label("now"))
    .order_by(LedgerMark.id.desc())
    .limit(1)
)
_PLACE = """
    WITH log AS (SELECT coalesce(max(idx) + 1, 0) AS size FROM ledger_leaf),
    waiting AS (
        SELECT seq, id, hash FROM ledger_entry
        WHERE {new} NOT EXISTS (SELECT 1 FROM ledger_leaf WHERE entry_id = ledger_entry.id)
        ORDER BY seq LIMIT :most
    ),
    placed AS (
        INSERT INTO ledger_leaf (idx, entry_id, hash)
        SELECT log.size + row_number() OVER (ORDER BY seq) - 1, id, hash FROM waiting, log ORDER BY seq
        RETURNING idx
    )
    SELECT size, (SELECT count(*) FROM placed) AS placed, CAST(pg_current_snapshot() AS text) AS snapshot FROM log
"""
_BEYOND = f"(writer >= :beyond AND writer < {_XMAX} OR writer = ANY (CAST(:open AS bigint[]))) AND"
_ALL = text(_PLACE.format(new=""))
_NEW = text(_PLACE.format(new=_BEYOND))


@dataclass(frozen=True)
class _Mark:
    """A snapshot of a moment when all that it shows had its index: of transactions below `beyond` that are not `open`.

    Attributes:
        beyond: Transactions from this id on had not begun.
        open: Transactions below that had not ended.
        size: Entries that had an index then.
    """

    beyond: int
    open: list[int]
    size: int


def integrate(session: Session, limit: int = BATCH, *, everything: bool = False) -> int | None:
    """Give an index to committed entries that have none, in the order of writing.

    Call it in a transaction of its own, again and again; it may run in several processes, of which one works
    and the others return at once.

    Args:
        session: The transaction's session, each statement of which has a snapshot of its own (READ COMMITTED): what the
            sequencer before us committed is seen only after the lock.
        limit: How many entries at most.
        everything: Look at all entries instead of those beyond the mark; for the first call of a process, so that
            nothing stays behind that came in another way, such as a restored dump.

    Returns:
        How many entries were integrated; None when another sequencer is at work.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(literal(LOCK)))):
        return None
    mark = None if everything else _mark(session)
    size, placed, snapshot = session.execute(*_placing(mark, limit)).one()
    if placed < limit and (mark is None or size + placed >= mark.size + MARK_EVERY):
        session.add(LedgerMark(size=size + placed, snapshot=snapshot))
    return int(placed)


def _placing(mark: _Mark | None, limit: int) -> tuple[TextClause, dict[str, object]]:
    """Return the statement that places what waits, and its values."""
    if mark is None:
        return _ALL, {"most": limit}
    return _NEW, {"most": limit, "beyond": mark.beyond, "open": mark.open}


def _mark(session: Session) -> _Mark | None:
    """Return the last mark; one from the future is another server's, and None."""
    row = session.execute(_LAST).one_or_none()
    if row is None:
        return None
    _lowest, beyond, others = row.snapshot.split(":")
    if int(beyond) > row.now:
        return None
    return _Mark(int(beyond), [int(one) for one in others.split(",") if one], row.size)
