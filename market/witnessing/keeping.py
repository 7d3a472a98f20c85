"""The mirror's side of a journal: sealed segments of a watched log, kept in order for whoever restores that log.

They cannot be read here; what shows is how large they are and when they came. They are kept as long as a backup may be
(rule book, ``backup.days``), so that what a log erased lives no longer in its journal than in a backup of it.

Beside the segments lies a file that says which entry comes next and how many bytes there are: it outlives the segments
that are dropped. It is written after the segment; a crash between leaves a segment that is sent once more.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final

from ledger.canonical import from_decimal
from ledger.durable import OWNER_ONLY, replace, sync_folder
from ledger.entry import format_time, parse_time
from ledger.errors import FormError, LedgerError, ProofError
from ledger.folder import alone, sweep
from ledger.mirror import folder_of
from ledger.note import VerifierKey
from ledger.request import SIZE_TYPE, Answer
from ledger.witness import BusyError, held
from market import clock
from market.db import read
from market.rules import book
from market.witnessing import segments, service

FOLDER: Final = "journal"
"""In the copy's folder."""
STATE: Final = "state"
MOST_HELD: Final = 16 * 1024**3
"""Bytes of one log: years of a busy exchange, and no watched log can fill the disk by itself."""
MOST_AT_ONCE: Final = 100_000
"""Files that one look for what is too old removes at most."""

_NAME: Final = re.compile(r"(0|[1-9][0-9]{0,18})-([1-9][0-9]{0,18})")
_TIME: Final = len("2026-11-22T11:00:00.000Z\n")


@dataclass(frozen=True)
class State:
    """How far a journal goes.

    Attributes:
        next: index of the entry that is wanted next.
        bytes: of all segments that are here.
    """

    next: int = 0
    bytes: int = 0


class Shelf:
    """The journal of one log.

    Args:
        folder: where it lies.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def state(self) -> State:
        """Return how far it goes; where the file was lost, as far as the segments do."""
        try:
            following, size = (self._folder / STATE).read_text("ascii").split()
            return State(from_decimal(following), from_decimal(size))
        except (FileNotFoundError, ValueError, FormError):
            found = list(self._segments())
            end = max((first + size for first, size, _path in found), default=0)
            return State(end, sum(path.stat().st_size for _first, _size, path in found))

    def put(self, segment: segments.Segment, body: bytes, now: datetime) -> int:
        """Store the segment that comes next and return the index that is wanted after it.

        Raises:
            BusyError: somebody else is at it.
            _OutOfOrderError: another one is wanted.
            _FullError: there is no room.
        """
        with self._alone():
            before = self.state()
            if segment.first != before.next:
                raise _OutOfOrderError(before.next)
            data = f"{format_time(now)}\n".encode() + body
            if before.bytes + len(data) > MOST_HELD:
                raise _FullError(
                    f"the journal of {segment.origin} takes {before.bytes} bytes, at most {MOST_HELD}"
                )
            replace(self._folder / f"{segment.first}-{segment.size}", data, mode=OWNER_ONLY)
            self._write(State(segment.end, before.bytes + len(data)))
        return segment.end

    def holding(self, index: int) -> bytes | None:
        """Return the body of the segment with an entry in it, or None."""
        for first, size, path in self._segments():
            if first <= index < first + size:
                try:
                    return path.read_bytes()[_TIME:]
                except FileNotFoundError:  # dropped between the two looks
                    return None
        return None

    def drop(self, before: datetime) -> int:
        """Remove what came before a moment; return how many segments."""
        with self._alone():
            sweep(self._folder)
            state, gone, freed = self.state(), 0, 0
            for _first, _size, path in sorted(self._segments())[:MOST_AT_ONCE]:
                if _came(path) >= before:
                    break
                freed += path.stat().st_size
                path.unlink()
                gone += 1
            if gone:
                sync_folder(self._folder)
                self._write(State(state.next, max(state.bytes - freed, 0)))
        return gone

    def _segments(self) -> Iterator[tuple[int, int, Path]]:
        """Yield (first, size, file), in no order."""
        if self._folder.exists():
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if found := _NAME.fullmatch(entry.name):
                        yield int(found[1]), int(found[2]), Path(entry.path)

    def _write(self, state: State) -> None:
        replace(self._folder / STATE, f"{state.next} {state.bytes}\n".encode(), mode=OWNER_ONLY)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with alone(self._folder) as here:
            if not here:
                raise BusyError("the journal of this log is being written")
            yield


class _OutOfOrderError(LedgerError):
    """Another segment is wanted: the one that begins at `next`."""

    def __init__(self, following: int) -> None:
        super().__init__(f"wanted is {following}")
        self.next = following


class _FullError(LedgerError):
    """There is no room for it."""


def take(stream: IO[bytes]) -> Answer:
    """Answer a log that sends a segment: with the index that is wanted next, or why it is not kept.

    What a stranger sends is not taken into memory beyond the note that should be signed.

    Args:
        stream: the body of the request, limited by its caller.

    Raises:
        BusyError: the head that covers it is not cosigned yet, or somebody else is at it: send it again.
    """
    head = _read(stream, segments.MOST_QUESTION)
    origin, keys = _log(head)
    if not keys:
        return _unknown(origin)
    try:
        segments.note_of(head, keys)
        body = head + _read(stream, segments.MOST_BODY)
        segment = segments.parse(body, keys)
        with read() as session:
            known = held(session, origin).checkpoint.size
        if segment.end > known:
            raise BusyError(f"this witness has cosigned {known} entries of {origin}")
        return _size(200, shelf(origin).put(segment, body, clock.now()))
    except _OutOfOrderError as error:
        return _size(409, error.next)
    except _FullError as error:
        return Answer(507, f"{error}\n")
    except (FormError, ProofError) as error:
        return _refused(error)


def following(body: bytes) -> Answer:
    """Answer a log that asks which entry is wanted next."""
    origin, keys = _log(body)
    if not keys:
        return _unknown(origin)
    try:
        segments.asked(body, keys, segments.NEXT, clock.now())
    except (FormError, ProofError) as error:
        return _refused(error)
    return _size(200, shelf(origin).state().next)


def given_back(body: bytes) -> Answer | bytes:
    """Answer a log that asks for the segment with one of its entries: its body, or why there is none."""
    origin, keys = _log(body)
    if not keys:
        return _unknown(origin)
    try:
        index = segments.asked(body, keys, segments.READ, clock.now())
    except (FormError, ProofError) as error:
        return _refused(error)
    found = shelf(origin).holding(index)
    return Answer(404, f"the journal of {origin} has no entry {index} here\n") if found is None else found


def drop_old() -> None:
    """Remove, of every log that is or was watched, what is older than a backup may be."""
    before = clock.now() - timedelta(days=book().value("backup.days"))
    for folder in service.folder().glob(f"*/{FOLDER}"):
        Shelf(folder).drop(before)


def shelf(origin: str) -> Shelf:
    """Return where the journal of a log lies here."""
    return Shelf(folder_of(service.folder(), origin) / FOLDER)


def _read(stream: IO[bytes], most: int) -> bytes:
    """Return what comes next, up to so many bytes."""
    parts: list[bytes] = []
    while most and (part := stream.read(most)):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _log(body: bytes) -> tuple[str, list[VerifierKey]]:
    """Return whose journal it claims to be about, and that log's keys; none when it is not watched."""
    origin = segments.origin_of(body)
    return origin, [key for key in service.watched().logs if key.name == origin]


def _came(path: Path) -> datetime:
    """Return when a segment came: the first line of its file; what is damaged came long ago."""
    with path.open("rb") as file:
        try:
            return parse_time(file.read(_TIME - 1).decode("ascii", "replace"))
        except ValueError:
            return datetime.min.replace(tzinfo=UTC)


def _size(status: int, size: int) -> Answer:
    return Answer(status, f"{size}\n", SIZE_TYPE)


def _unknown(origin: str) -> Answer:
    return Answer(404, f"{origin[:200]} is not witnessed here\n")


def _refused(error: LedgerError) -> Answer:
    return Answer(403 if isinstance(error, ProofError) else 400, f"{error}\n")
