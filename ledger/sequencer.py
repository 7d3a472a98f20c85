"""Gives committed entries their index on PostgreSQL.

Identity numbers are handed out before commit, so they leave holes and can become visible late; and a lock held by a
trade over its commit would serialise the database's flushes. So writers leave the index open, and one elected
sequencer, in transactions of its own, numbers whatever has become visible. An entry written by someone who saw
another's commit has the higher number, so causes keep standing before their effects.

Where the sequencer has been is a low-water mark that passes settled transactions only: a snapshot (``pg_snapshot``)
in which every visible entry had its index. What is new since is what that snapshot could not see, entries of
transactions that were open then or began later, found by the writer's 64-bit transaction id. A transaction may stay
open for hours: it is one id on a list; one that was rolled back or whose server crashed leaves nothing.
"""

from dataclasses import dataclass

from sqlalchemy import TextClause, func, insert, literal, select, text
from sqlalchemy.orm import Session

from ledger import reader
from ledger.models import LedgerLeaf, LedgerMark

LOCK = 0x71696C75_6C6F6773
"""Advisory lock of the elected sequencer; any constant of 63 bits that nothing else in the database uses."""
BATCH = 1000
MARK_EVERY = 100
"""Entries after which the mark moves on; so many are looked at twice, and no more."""

_SNAPSHOT = text("SELECT CAST(pg_current_snapshot() AS text)")
_WAITING = """
    SELECT id, hash FROM ledger_entry
    WHERE {new} NOT EXISTS (SELECT 1 FROM ledger_leaf WHERE entry_id = ledger_entry.id)
    ORDER BY seq LIMIT :most
"""
_ALL = text(_WAITING.format(new=""))
_NEW = text(
    _WAITING.format(new="(writer >= :beyond AND writer < :now OR writer = ANY (CAST(:open AS bigint[]))) AND")
)


@dataclass(frozen=True)
class _Seen:
    """A snapshot: transactions below `beyond` that are not `open` were settled.

    Attributes:
        beyond: Transactions from this id on had not begun.
        open: Transactions below that had not ended.
        text: As PostgreSQL writes it.
    """

    beyond: int
    open: list[int]
    text: str


def integrate(session: Session, limit: int = BATCH, *, everything: bool = False) -> int | None:
    """Give an index to committed entries that have none, in the order of writing.

    Call it in a transaction of its own, again and again; it may run in several processes, of which one works
    and the others return at once.

    Args:
        session: The transaction's session.
        limit: How many entries at most.
        everything: Look at all entries instead of those beyond the mark; for the first call of a process, so that
            nothing stays behind that came in another way, such as a restored dump.

    Returns:
        How many entries were integrated; None when another sequencer is at work.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(literal(LOCK)))):
        return None
    # Statements after the lock: they see everything the sequencer before us committed, and this snapshot's at least.
    now = _seen(session.scalars(_SNAPSHOT).one())
    size, mark = (0, None) if everything else _mark(session, now)
    waiting = session.execute(*_question(now, mark, limit)).all()
    first = reader.size(session)
    if waiting:
        places = [
            {"idx": index, "entry_id": row.id, "hash": row.hash} for index, row in enumerate(waiting, first)
        ]
        session.connection().execute(insert(LedgerLeaf), places)
    if len(waiting) < limit and (mark is None or first + len(waiting) >= size + MARK_EVERY):
        session.add(LedgerMark(size=first + len(waiting), snapshot=now.text))
    return len(waiting)


def _question(now: _Seen, mark: _Seen | None, limit: int) -> tuple[TextClause, dict[str, object]]:
    """Return what asks for the entries that wait.

    Ids from `now` on belong to no transaction of this server: a restored dump may hold such, placed by a first look.
    """
    if mark is None:
        return _ALL, {"most": limit}
    return _NEW, {"most": limit, "beyond": mark.beyond, "now": now.beyond, "open": mark.open}


def _mark(session: Session, now: _Seen) -> tuple[int, _Seen | None]:
    """Return the size of the log at the last mark, and the mark; one from the future is another server's."""
    last = select(LedgerMark.size, LedgerMark.snapshot).order_by(LedgerMark.id.desc()).limit(1)
    row = session.execute(last).one_or_none()
    if row is None or (mark := _seen(row.snapshot)).beyond > now.beyond:
        return 0, None
    return row.size, mark


def _seen(snapshot: str) -> _Seen:
    _lowest, beyond, others = snapshot.split(":")
    return _Seen(int(beyond), [int(one) for one in others.split(",") if one], snapshot)
