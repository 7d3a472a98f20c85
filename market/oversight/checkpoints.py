"""Signed heads over time: who cosigned or stamped each and when, and the proof that one grew out of another. Public."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import reader
from ledger.canonical import from_decimal, to_base64
from ledger.cosign import signed_at
from ledger.errors import FormError, LedgerError, ProofError
from ledger.models import LedgerCheckpoint, LedgerCosignature
from ledger.note import parse_note, parse_verifier
from ledger.policy import Policy
from market.errors import Invalid, NotFound
from market.i18n import gettext as _
from market.keys import stamping
from market.oversight import heads

SIZE = 20
"""Heads on a page."""
LARGEST = 2**53
"""No log grows to this; what a database cannot even compare is not asked of it."""


@dataclass(frozen=True)
class Witnessed:
    """What one witness said of a head.

    Attributes:
        name: of its key.
        key: its verifier key (vkey).
        time: when it signed, as it says; None when its line does not tell.
    """

    name: str
    key: str
    time: datetime | None


@dataclass(frozen=True)
class Stamped:
    """What a time-stamp authority said of a head.

    Attributes:
        authority: where it was asked.
        time: when it saw the head, as it says.
        token: its answer, RFC 3161, DER.
    """

    authority: str
    time: datetime
    token: bytes

    @property
    def text(self) -> str:
        """The token in base64."""
        return to_base64(self.token)


@dataclass(frozen=True)
class Head:
    """A signed head.

    Attributes:
        size: entries under it.
        root: base64.
        time: when this exchange signed it.
        note: with all cosignatures so far.
        witnesses: who cosigned, the earliest first.
        timestamps: what authorities stamped, in the order of their addresses.
        accepted: whether the evidence policy is content with it.
    """

    size: int
    root: str
    time: datetime
    note: str
    witnesses: list[Witnessed]
    timestamps: list[Stamped]
    accepted: bool


def listed(session: Session, cursor: str | None = None) -> tuple[list[Head], str | None]:
    """Return a page of heads, the largest first, and the cursor of the next page (None at the end).

    Args:
        session: a session that reads.
        cursor: where the page begins: only heads smaller than this.

    Raises:
        Invalid: the cursor is not one of ours.
    """
    query = select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(SIZE + 1)
    if cursor is not None:
        query = query.where(LedgerCheckpoint.size < _size(cursor))
    found = list(session.scalars(query))
    asked = heads.policy(session)
    further = str(found[SIZE - 1].size) if len(found) > SIZE else None
    return [_head(session, row, asked) for row in found[:SIZE]], further


def one(session: Session, size: int) -> Head:
    """Return the head of a size.

    Raises:
        NotFound: none was signed.
    """
    row = session.get(LedgerCheckpoint, size) if size < LARGEST else None
    if row is None:
        raise NotFound("ledger.no_checkpoint", _("No checkpoint of this size was signed."))
    return _head(session, row, heads.policy(session))


def token(session: Session, size: int, place: int) -> bytes:
    """Return an authority's token over a head.

    Args:
        session: a session that reads.
        size: of the head.
        place: among its tokens, from 0.

    Raises:
        NotFound: no such head was signed, or it has no such token.
    """
    stamps = one(session, size).timestamps
    if place >= len(stamps):
        raise NotFound("ledger.no_timestamp", _("This checkpoint has no such time stamp."))
    return stamps[place].token


def neighbours(session: Session, size: int) -> tuple[int | None, int | None]:
    """Return the sizes of the head before and of the newest one, where there are such."""
    before = (
        select(LedgerCheckpoint.size)
        .where(LedgerCheckpoint.size < size)
        .order_by(LedgerCheckpoint.size.desc())
    )
    newest = (
        select(LedgerCheckpoint.size)
        .where(LedgerCheckpoint.size > size)
        .order_by(LedgerCheckpoint.size.desc())
    )
    return session.scalar(before.limit(1)), session.scalar(newest.limit(1))


def consistency(session: Session, old: int, new: int) -> list[str]:
    """Return the proof that the head of size `new` only added to the log of size `old`: hashes in base64.

    Raises:
        NotFound: the head was not signed.
        Invalid: the old size is none, or the larger.
    """
    one(session, new)
    try:
        return [to_base64(item) for item in reader.consistency(session, old, new)]
    except ProofError as error:
        raise Invalid(
            "ledger.form", _("A later checkpoint grows out of an earlier one, not the other way round.")
        ) from error


def _size(cursor: str) -> int:
    try:
        size = from_decimal(cursor)
    except FormError:
        size = LARGEST
    if size >= LARGEST:
        raise Invalid(
            "cursor.invalid",
            _("This is not a cursor of this list; begin with the first page."),
            fields={"cursor": [_("Take it from the previous answer.")]},
        )
    return size


def _head(session: Session, row: LedgerCheckpoint, asked: Policy) -> Head:
    of_size = select(LedgerCosignature).where(LedgerCosignature.size == row.size)
    rows = session.scalars(of_size.order_by(LedgerCosignature.time, LedgerCosignature.key)).all()
    note = reader.cosigned(session, row.size)
    try:
        asked.check(note)
        accepted = True
    except LedgerError:
        accepted = False
    stamps = [Stamped(one.authority, one.stamped_at, one.token) for one in stamping.over(session, row.size)]
    witnesses = [_witness(item) for item in rows]
    return Head(row.size, to_base64(row.root), row.time, note, witnesses, stamps, accepted)


def _witness(row: LedgerCosignature) -> Witnessed:
    try:
        key = parse_verifier(row.key)
        [line] = parse_note(f"-\n\n{row.line}")[1]
        return Witnessed(key.name, row.key, datetime.fromtimestamp(signed_at(line), UTC))
    except (LedgerError, ValueError, OverflowError, OSError):
        return Witnessed(row.key.partition("+")[0], row.key, None)
