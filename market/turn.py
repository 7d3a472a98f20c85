"""The turn of the writers of one process on SQLite, and the group whose members share one flush to the disk.

SQLite has one writer at a time. Left to itself it lets a writer that finds another at work sleep and look again, ever
longer; so many threads would wait for a door at which nobody stands. Here they stand in a queue. A writer of another
process is still waited for in SQLite's way, by whoever begins.

A commit costs a flush. So a writer who has done its work while others wait does not commit: it hands the open
transaction on and waits, and whoever is the last commits for all of them. What one of them read of another is thus
never told before both are durable, and a failing commit is told to every one. Each works behind a savepoint, but the
first, behind whom there is nothing; so one that fails undoes its own work alone.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine, ExceptionContext
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm.session import JoinTransactionMode

MOST: Final = 16
"""Members of a group: each waits for all of them."""
LONGEST: Final = 0.05
"""Seconds, several times those of a flush, after which a group takes nobody in, however few it has."""
_LOST: Final = "market.turn.lost"


@dataclass(eq=False)
class Member:
    """One writer's part in a group.

    Attributes:
        connection: holds the open transaction.
        mark: name of the savepoint before its work; empty for the first.
        error: why nothing of its work is durable, once the group has ended.
    """

    connection: Connection
    mark: str = ""
    error: BaseException | None = None

    @property
    def joining(self) -> JoinTransactionMode:
        """How a session joins the transaction: its rollback must not undo what others did."""
        return "create_savepoint" if self.mark else "rollback_only"


class Group:
    """Writers whose work one commit makes durable, or none of it.

    Args:
        engine: of SQLite; its connections begin as the only writer.

    Raises:
        OperationalError: another process holds the database for too long.
    """

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.connect()
        try:
            self._transaction = self._connection.begin()
        except BaseException:
            self._connection.close()
            raise
        self._began = time.monotonic()
        self._members: list[Member] = []
        self._failure: BaseException | None = None
        self._ended = threading.Event()

    @contextmanager
    def joined(self) -> Iterator[Member]:
        """Let a writer work; what it did is undone when its block fails.

        Yields:
            Its part; ask :meth:`wait` how it ended.
        """
        member = Member(self._connection, f"member_{len(self._members)}" if self._members else "")
        if member.mark:
            self._connection.exec_driver_sql(f"SAVEPOINT {member.mark}")
        try:
            yield member
        except BaseException as error:
            self._undo(member, error)
            raise
        self._members.append(member)

    def may_grow(self, most: int, longest: float) -> bool:
        """Tell whether somebody may still join: it has members, but not too many, and is not too old."""
        young = time.monotonic() - self._began < longest
        return 0 < len(self._members) < most and young and self._lost() is None

    def end(self) -> None:
        """Commit, keep for every member how it ended, give the connection back and wake them.

        A failure is the members' to tell; only what ends the thread itself is raised.
        """
        try:
            if self._members:
                self._commit()
        except BaseException as error:
            for member in self._members:
                member.error = _shared(error)
            self._connection.invalidate()  # after a failed flush, what this handle remembers is not what the disk has
            if not isinstance(error, Exception):
                raise
        finally:
            try:
                self._connection.close()
            finally:
                self._ended.set()

    def wait(self, member: Member) -> None:
        """Wait until the group has ended.

        Raises:
            IntegrityError: the member's own rows broke a rule that is looked at on commit.
            DBAPIError: nothing was changed, through no fault of the member: it may repeat.
        """
        self._ended.wait()
        if member.error is not None:
            raise member.error

    def _undo(self, member: Member, error: BaseException) -> None:
        """Take back what a member did, but for the first by the savepoint that SQLite itself still has."""
        if member.mark:
            self._members.append(member)  # what it was refused for may be undone yet
        try:
            if member.mark:
                _raw(self._connection).execute(f"ROLLBACK TO {member.mark}")
            else:
                self._transaction.close()
        except Exception:
            self._failure = error

    def _lost(self) -> BaseException | None:
        """Return why nothing can be committed: SQLite rolls everything back on some failures, whoever made them."""
        lost: BaseException | None = self._connection.info.get(_LOST)
        return lost or self._failure

    def _commit(self) -> None:
        if (lost := self._lost()) is not None:
            raise lost
        try:
            self._transaction.commit()
        except IntegrityError as error:
            self._salvage(error)

    def _salvage(self, refused: IntegrityError) -> None:
        """Commit without the member whose rows broke a rule that is looked at on commit, nor who came after it.

        SQLite leaves such a transaction open. It does not say whose rows they are, so members go from the last one
        on until a commit is let through: the one that went last is at fault, the others may repeat.
        """
        while self._members:
            member = self._members.pop()
            member.error = _shared(refused)
            if member.mark and not self._commits_without(member):
                continue
            member.error = refused
            return

    def _commits_without(self, member: Member) -> bool:
        raw = _raw(self._connection)
        raw.execute(f"ROLLBACK TO {member.mark}")
        try:
            raw.commit()
        except self._connection.dialect.loaded_dbapi.IntegrityError:
            return False
        return True


def _raw(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def begun(connection: Connection) -> None:
    """Forget what was lost on a connection before the transaction that has begun."""
    connection.info.pop(_LOST, None)


def notice(failure: ExceptionContext) -> None:
    """Keep why SQLite rolled the whole transaction back: a statement that follows would stand alone."""
    connection = failure.connection
    if connection is not None and not connection.invalidated and not _raw(connection).in_transaction:
        connection.info.setdefault(_LOST, failure.sqlalchemy_exception or failure.original_exception)


def _shared(error: BaseException) -> BaseException:
    """Return an error that a thread of its own may raise, which blames nobody for what others did."""
    if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError):
        made = type(error)(error.statement, None, error.orig or error, hide_parameters=True)
    else:
        made = OperationalError("COMMIT", None, getattr(error, "orig", error), hide_parameters=True)
    made.__cause__ = error
    return made


@dataclass(eq=False)
class _Place:
    """A writer's place: in the queue, then at the door.

    Attributes:
        called: set when it has the turn.
        holds: whether it has the turn, so that it must pass it on.
        group: what it joins or has begun.
    """

    called: threading.Event = field(default_factory=threading.Event)
    holds: bool = True
    group: Group | None = None


class Turn:
    """Who may write now, in this process.

    Args:
        patience: seconds that a writer stands in the queue; then it tries without a turn, as if it were alone, and
            SQLite says whether somebody is in the way.
        most: members of a group.
        longest: seconds from a group's beginning after which nobody joins any more.
    """

    def __init__(self, patience: float, *, most: int = MOST, longest: float = LONGEST) -> None:
        self.patience = patience
        self._most, self._longest = most, longest
        self._mutex = threading.Lock()
        self._taken = False
        self._queue: deque[_Place] = deque()

    @property
    def waiting(self) -> int:
        """How many writers stand in the queue."""
        return len(self._queue)

    @contextmanager
    def writing(self, engine: Engine) -> Iterator[Member]:
        """Wait for the turn, let the block write, and return when what it wrote is durable.

        Yields:
            The writer's part in an open transaction; what the block does is undone when it fails.

        Raises:
            DBAPIError: nothing was changed: the block's work could not be made durable, alone or with that of others.
        """
        place, member = self._come(), None
        try:
            if place.group is None:
                place.group = Group(engine)
            with place.group.joined() as member:
                yield member
        finally:
            self._leave(place)
            if place.group is not None and member is not None:
                place.group.wait(member)

    def _come(self) -> _Place:
        place = _Place()
        with self._mutex:
            if not self._taken:
                self._taken = True
                return place
            self._queue.append(place)
        try:
            if not place.called.wait(self.patience):
                place.holds = not self._withdrawn(place)
        except BaseException:
            if not self._withdrawn(place):
                self._leave(place)
            raise
        return place

    def _withdrawn(self, place: _Place) -> bool:
        """Leave the queue; False when the turn came meanwhile."""
        with self._mutex:
            if place.called.is_set():
                return False
            self._queue.remove(place)
            return True

    def _leave(self, place: _Place) -> None:
        """Pass the turn on, with the group if it may grow and somebody waits; else end the group before."""
        group = place.group
        if (
            place.holds
            and group is not None
            and group.may_grow(self._most, self._longest)
            and self._call(group)
        ):
            return
        try:
            if group is not None:
                group.end()
        finally:
            if place.holds:
                self._pass()

    def _call(self, group: Group | None) -> bool:
        """Give the turn to whoever waits longest; False when nobody waits."""
        with self._mutex:
            return self._called(group)

    def _pass(self) -> None:
        with self._mutex:
            self._taken = self._called(None)

    def _called(self, group: Group | None) -> bool:
        if not self._queue:
            return False
        place = self._queue.popleft()
        place.group = group
        place.called.set()
        return True
