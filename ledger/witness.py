"""Cosigns the heads of other logs (C2SP tlog-witness), free of HTTP: a request's bytes in, a status and a body out.

A witness promises one thing: it has never cosigned two heads of one log of which the later does not begin with the
earlier. So what it cosigned last is checked and replaced in one transaction, before the answer leaves, and a log that
has signed two histories is not cosigned any more: both notes are kept, since together they convict it.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import FormError, LedgerError, ProofError
from ledger.merkle import EMPTY_ROOT, verify_consistency
from ledger.models import LedgerContradiction, LedgerWitnessed
from ledger.note import VerifierKey, open_note, parse_note, signature_line
from ledger.request import SIZE_TYPE, TEXT_TYPE, Answer, Request, checked_size, parse_request

Door = Callable[[], AbstractContextManager[Session]]

LOCK = 0x71696C75_7769746E
"""Advisory lock of a request that is about to be answered; any constant that nothing else in the database uses."""


class ContradictionError(LedgerError):
    """A log has signed two heads of which at most one can be true: it must not be cosigned any more."""


class BusyError(LedgerError):
    """The head could not be taken in now (its entries cannot be fetched, or another request is at it): ask again."""


class Signs(Protocol):
    """A cosigner's key."""

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""

    def cosign(self, checkpoint_text: str, time: int) -> str:
        """Return the signature line of a checkpoint, newline included."""


class _Refused(Exception):
    """The request is answered without a cosignature."""

    def __init__(self, status: int, text: str, media_type: str = TEXT_TYPE) -> None:
        super().__init__(text)
        self.answer = Answer(status, f"{text}\n", media_type)


@dataclass(frozen=True)
class Held:
    """The head of a log that was cosigned last.

    Attributes:
        checkpoint: what it says; size 0 before the first one.
        note: the log's note with our cosignature; empty before the first one.
        stored: size of the newest stored row, which the next one follows.
    """

    checkpoint: Checkpoint
    note: str = ""
    stored: int = 0


class Keeper(Protocol):
    """Keeps the entries of the logs that are not only witnessed but mirrored."""

    def take(self, old: Checkpoint, new: Checkpoint) -> None:
        """Fetch, check and store everything up to a head that is about to be cosigned; nothing when not mirrored.

        Raises:
            BusyError: it could not be done now.
            ContradictionError: what the log gives under the new head does not begin with the old one.
        """

    def name(self, checkpoint: Checkpoint, note: str) -> None:
        """Publish the cosigned head of what is stored."""

    def named(self, origin: str) -> str | None:
        """Return the cosigned head that is published, or None before the first one."""

    def root(self, known: Checkpoint, size: int) -> bytes | None:
        """Return the root of a smaller size under a head that was cosigned; None when it is not stored here."""


def held(session: Session, origin: str) -> Held:
    """Return the head of a log that was cosigned last."""
    row = session.scalar(
        select(LedgerWitnessed)
        .where(LedgerWitnessed.origin == origin)
        .order_by(LedgerWitnessed.since.desc())
        .limit(1)
    )
    if row is None:
        return Held(Checkpoint(origin, 0, EMPTY_ROOT))
    return Held(Checkpoint(origin, row.size, row.root), row.note, row.size)


def contradictions(session: Session, origin: str | None = None) -> Sequence[LedgerContradiction]:
    """Return the evidence against a log, or against every log; oldest first."""
    query = select(LedgerContradiction).order_by(LedgerContradiction.time)
    return session.scalars(
        query if origin is None else query.where(LedgerContradiction.origin == origin)
    ).all()


class Witness:
    """Watches other logs and cosigns their heads.

    Args:
        read: opens a session that sees durable commits only.
        transaction: opens a session that commits when its block ends well.
        cosigner: the key it signs with; it signs nothing else.
        logs: origin to the keys that sign for it.
        clock: the present, aware UTC.
        keeper: keeps the entries of logs that are mirrored.
    """

    def __init__(
        self,
        read: Door,
        transaction: Door,
        cosigner: Signs,
        logs: Mapping[str, Sequence[VerifierKey]],
        clock: Callable[[], datetime],
        keeper: Keeper,
    ) -> None:
        self._read = read
        self._transaction = transaction
        self._cosigner = cosigner
        self._logs = logs
        self._clock = clock
        self._keeper = keeper

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a request to cosign; a cosignature leaves only after its head is stored.

        Raises:
            BusyError: The head may be well, but cannot be taken in now; nothing was signed.
        """
        try:
            return Answer(200, self._add(body))
        except _Refused as refused:
            return refused.answer

    def observe(self, note: str) -> Checkpoint | None:
        """Take in a head that the log itself publishes, as a mirror does unasked.

        Returns:
            The head that is held now, or None when it is not news.

        Raises:
            FormError: It is not a signed checkpoint.
            ProofError: No known key of a watched log signed it.
            BusyError: It cannot be taken in now.
            ContradictionError: It contradicts what was cosigned before; the evidence is stored.
        """
        checkpoint, note = self._opened(note)
        last, convicted = self._known(checkpoint.origin)
        self._hold_against(checkpoint, note, last)
        if convicted or checkpoint.size <= last.checkpoint.size:
            return None
        self._take(checkpoint, note, last)
        self._sign(checkpoint, note, last)
        return checkpoint

    def _add(self, body: bytes) -> str:
        try:
            request = parse_request(body)
        except FormError as error:
            raise _Refused(400, str(error)) from error
        checkpoint, note = self._trusted(request.note)
        if request.old > checkpoint.size:
            raise _Refused(400, "the old size is larger than the checkpoint's")
        last, convicted = self._known(checkpoint.origin)
        try:
            self._hold_against(checkpoint, note, last)
        except ContradictionError:
            convicted = True  # the statuses below say what the protocol says of such a request
        _require_extends(request, checkpoint, last.checkpoint)
        if convicted:
            raise _Refused(403, "this log has signed two histories and is not cosigned any more")
        try:
            self._take(checkpoint, note, last)
        except ContradictionError as error:
            raise _Refused(422, str(error)) from error
        return self._sign(checkpoint, note, last)

    def _known(self, origin: str) -> tuple[Held, bool]:
        """Return the head that was cosigned last, and whether the log is convicted.

        A database brought back from a backup has forgotten what was cosigned since; the published head has not.
        """
        with self._read() as session:
            last = held(session, origin)
            convicted = bool(contradictions(session, origin))
        named = self._named(origin)
        if named is not None and named.checkpoint.size > last.checkpoint.size:
            last = Held(named.checkpoint, named.note, last.stored)
        return last, convicted

    def _named(self, origin: str) -> Held | None:
        """Return the published head; the log's own line shows it too where our key is another one since.

        Raises:
            BusyError: It is damaged: nobody knows what was cosigned, so nothing is.
        """
        note = self._keeper.named(origin)
        if note is None:
            return None
        try:
            text, _ = open_note(note, [*self._logs.get(origin, ()), self._cosigner.verifier])
            return Held(parse_checkpoint(text), note)
        except LedgerError as error:
            raise BusyError(f"the published head of {origin} is damaged: {error}") from error

    def _trusted(self, note: str) -> tuple[Checkpoint, str]:
        """Return what a watched log signed, or refuse as the protocol demands."""
        origin = note.split("\n", 1)[0]
        if origin not in self._logs:
            raise _Refused(404, "this log is not known here")
        try:
            return self._opened(note)
        except ProofError as error:
            raise _Refused(403, str(error)) from error
        except FormError as error:
            raise _Refused(400, str(error)) from error

    def _opened(self, note: str) -> tuple[Checkpoint, str]:
        """Return the checkpoint of a note, and the note with nothing but its log's own lines."""
        keys = {(key.name, key.id): key for key in self._logs.get(note.split("\n", 1)[0], ())}
        text, _ = open_note(note, keys.values())
        checkpoint = parse_checkpoint(text)
        checked_size(checkpoint.size)
        lines = parse_note(note)[1]
        own = [
            signature_line(keys[line.name, line.id], line.signature)
            for line in lines
            if (line.name, line.id) in keys
        ]
        return checkpoint, "".join([text, "\n", *dict.fromkeys(own)])

    def _hold_against(self, checkpoint: Checkpoint, note: str, last: Held) -> None:
        """Compare a signed head with what is known under the one that was cosigned.

        Raises:
            ContradictionError: They cannot both be true; stored.
        """
        known = last.checkpoint
        if not 0 < checkpoint.size <= known.size:
            return
        if checkpoint.size == known.size:
            root: bytes | None = known.root
        else:
            root = self._keeper.root(known, checkpoint.size)
        if root is not None and root != checkpoint.root:
            self._convict(checkpoint, note, last, f"two roots of size {checkpoint.size}")

    def _take(self, checkpoint: Checkpoint, note: str, last: Held) -> None:
        try:
            self._keeper.take(last.checkpoint, checkpoint)
        except ContradictionError as error:
            self._convict(checkpoint, note, last, str(error))

    def _convict(self, checkpoint: Checkpoint, note: str, last: Held, why: str) -> None:
        """Keep both notes, once, and say so.

        Raises:
            ContradictionError: Always.
        """
        values = {
            "origin": checkpoint.origin,
            "digest": hashlib.sha256(checkpoint.text().encode()).digest(),
            "held": last.note,
            "shown": note,
            "why": why,
            "time": self._clock(),
        }
        with suppress(IntegrityError), self._transaction() as session:  # another request may keep the same
            if session.get(LedgerContradiction, (values["origin"], values["digest"])) is None:
                session.execute(insert(LedgerContradiction).values(values))
        raise ContradictionError(f"{checkpoint.origin} has signed two histories: {why}")

    def _sign(self, checkpoint: Checkpoint, note: str, last: Held) -> str:
        """Store a head that extends the last one, then return our signature line for it.

        The time is taken while no other request of this log can store a head, so that times grow as sizes do; the same
        head may be cosigned again, as long as it is the last.

        Raises:
            BusyError: Another request stored a head meanwhile.
        """
        grown = checkpoint.size > last.checkpoint.size
        try:
            with self._transaction() as session:
                _alone(session)
                if held(session, checkpoint.origin).stored != last.stored:
                    raise BusyError("another request was first: ask again")
                now = self._clock()
                line = self._cosigner.cosign(checkpoint.text(), int(now.timestamp()))
                if grown:
                    session.execute(
                        insert(LedgerWitnessed).values(
                            origin=checkpoint.origin,
                            since=last.stored,
                            size=checkpoint.size,
                            root=checkpoint.root,
                            note=note + line,
                            time=now,
                        )
                    )
        except IntegrityError as error:
            raise BusyError("another request was first: ask again") from error
        if grown:
            self._keeper.name(checkpoint, note + line)
        return line


def _alone(session: Session) -> None:
    """Keep other requests from storing a head until the transaction ends; on SQLite it writes alone as it is."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(func.pg_advisory_xact_lock(literal(LOCK))))


def _require_extends(request: Request, checkpoint: Checkpoint, last: Checkpoint) -> None:
    """Refuse, as the protocol demands, a request that does not go on from the head that was cosigned last."""
    if request.old != last.size:
        raise _Refused(409, str(last.size), SIZE_TYPE)
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise _Refused(422, "the root of an empty log is the hash of nothing")
    if request.old == 0 and request.proof:
        raise _Refused(422, "there is no proof from size 0")
    if request.old == 0:
        return
    try:
        verify_consistency(request.old, checkpoint.size, request.proof, last.root, checkpoint.root)
    except ProofError as error:
        raise _Refused(422, str(error)) from error
