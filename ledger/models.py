"""The log's tables: entries as written, their places, the checkpoints that were signed, and what was witnessed.

All of them only grow. The triggers that hold this are the product's migrations; `ledger.fsck` finds what slipped by.
"""

import uuid
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    Uuid,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from ledger.merkle import HASH_SIZE

_NUMBER = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts by itself only in INTEGER columns


class UTCTime(TypeDecorator[datetime]):
    """An aware time, stored as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse a time without zone, which nobody could place."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return an aware UTC time; SQLite keeps no zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of the ledger's tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class LedgerEntry(Base):
    """An entry as its writer's transaction left it."""

    __tablename__ = "ledger_entry"

    seq: Mapped[int] = mapped_column(_NUMBER, Identity(always=True), primary_key=True)
    """Order of writing; PostgreSQL leaves holes, so it is no index."""
    id: Mapped[uuid.UUID] = mapped_column(Uuid(), unique=True)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_SIZE))
    """RFC 6962 leaf hash."""
    writer: Mapped[int | None] = mapped_column(BigInteger)
    """PostgreSQL's 64-bit id of the transaction that wrote it, by which the sequencer knows what it has not seen; None
    on SQLite, where the writer gives the index itself."""

    __table_args__ = (
        Index(
            "ix_ledger_entry_writer",
            "writer",
            sqlite_where=text("writer IS NOT NULL"),
            postgresql_where=text("writer IS NOT NULL"),
        ),
    )


class LedgerLeaf(Base):
    """The place of an entry in the log, from 0, without a gap."""

    __tablename__ = "ledger_leaf"

    idx: Mapped[int] = mapped_column(_NUMBER, primary_key=True, autoincrement=False)
    entry_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger_entry.id"), unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(HASH_SIZE))


class LedgerTile(Base):
    """A full hash tile under a signed head, so that publishing and proving read no more than they need."""

    __tablename__ = "ledger_tile"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(_NUMBER, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    root: Mapped[bytes] = mapped_column(LargeBinary(HASH_SIZE))
    """Over its hashes: its place in the tile above."""


class LedgerMark(Base):
    """What the sequencer had seen when every visible entry had its index (PostgreSQL; never evidence)."""

    __tablename__ = "ledger_mark"

    id: Mapped[int] = mapped_column(_NUMBER, Identity(always=True), primary_key=True)
    size: Mapped[int] = mapped_column(_NUMBER)
    """Entries that had an index then."""
    snapshot: Mapped[str] = mapped_column(Text)
    """PostgreSQL's ``pg_snapshot`` as text: which transactions were settled."""


class LedgerCheckpoint(Base):
    """A head of the log that was signed, kept before anyone else could see it."""

    __tablename__ = "ledger_checkpoint"

    size: Mapped[int] = mapped_column(_NUMBER, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(HASH_SIZE))
    note: Mapped[str] = mapped_column(Text)
    time: Mapped[datetime] = mapped_column(UTCTime())


class LedgerCosignature(Base):
    """What a witness said of a head of this log."""

    __tablename__ = "ledger_cosignature"

    size: Mapped[int] = mapped_column(
        ForeignKey("ledger_checkpoint.size"), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    """The witness's verifier key (vkey), as the policy wrote it."""
    line: Mapped[str] = mapped_column(Text)
    """Its signature line, newline included; it was verified before it was stored."""
    time: Mapped[datetime] = mapped_column(UTCTime())


class LedgerWitnessed(Base):
    """A head of another log that this exchange cosigned, kept before the answer left.

    The heads of one log are a chain: each names the size before it, and no size has two successors. So of two writers
    who saw the same last head only one can go on.
    """

    __tablename__ = "ledger_witnessed"

    origin: Mapped[str] = mapped_column(Text, primary_key=True)
    since: Mapped[int] = mapped_column(_NUMBER, primary_key=True, autoincrement=False)
    """Size of the head before it; 0 for the first."""
    size: Mapped[int] = mapped_column(_NUMBER)
    root: Mapped[bytes] = mapped_column(LargeBinary(HASH_SIZE))
    note: Mapped[str] = mapped_column(Text)
    """The log's signed note with our cosignature."""
    time: Mapped[datetime] = mapped_column(UTCTime())


class LedgerContradiction(Base):
    """Two heads of another log, both signed by it, of which at most one can be true: evidence, kept for ever."""

    __tablename__ = "ledger_contradiction"

    origin: Mapped[str] = mapped_column(Text, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(HASH_SIZE), primary_key=True)
    """SHA-256 of the text of the head that was shown."""
    held: Mapped[str] = mapped_column(Text)
    """The note that we had cosigned."""
    shown: Mapped[str] = mapped_column(Text)
    """The note that contradicts it."""
    why: Mapped[str] = mapped_column(Text)
    time: Mapped[datetime] = mapped_column(UTCTime())
