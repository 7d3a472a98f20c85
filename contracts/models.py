"""The rows of this room: contracts, their versions, remarks on them, and signatures.

They stand on a Base of their own and name parties, assets and keys by id only, since a signed paper outlives an
account.  ``step_id`` is the caller's: every insert or change carries the id of the step that made it.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from contracts.negotiation import Ending, State
from contracts.vocabulary import Role


class UTCDateTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite keeps it without a zone, so the zone is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone and store UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Return an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _by_value(kind: Any) -> Enum:
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=20,
        name=kind.__name__.lower(),
        values_callable=lambda words: [word.value for word in words],
    )


class Base(DeclarativeBase):
    """Base of this room's rows."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UTCDateTime(),
        State: _by_value(State),
        Role: _by_value(Role),
        Ending: _by_value(Ending),
    }


class Contract(Base):
    """One contract from request to end, as its present version has it.

    Terms and document change with each version until one is accepted or signed, and never afterwards.

    Attributes:
        version: which version it shows, counted from 1.
        terms: canonical JSON, the single source.
        document_digest: SHA-256 of the PDF, stored before the first signature.
        document_size: bytes.
        rendering: canonical JSON naming compiler, fonts and the digests of the SVG pages.
        final_digest: SHA-256 of the file in force, with both signatures in it.
        ending: why it ended without coming into force.
        reason: what was said to it, told to all.

    Columns marked ``file`` name files that the caller stores by their digest, ``files`` a JSON member that lists such.
    """

    __tablename__ = "contract"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    step_id: Mapped[uuid.UUID]
    number: Mapped[str] = mapped_column(String(11), unique=True)
    model: Mapped[str] = mapped_column(String(60))
    state: Mapped[State]
    version: Mapped[int] = mapped_column(Integer)
    provider_id: Mapped[uuid.UUID] = mapped_column(index=True)
    buyer_id: Mapped[uuid.UUID] = mapped_column(index=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(index=True)
    terms: Mapped[str] = mapped_column(Text)
    terms_digest: Mapped[str] = mapped_column(String(64), info={"file": True})
    terms_sm3: Mapped[str] = mapped_column(String(64))
    template_digest: Mapped[str] = mapped_column(String(64))
    policy: Mapped[str] = mapped_column(Text)
    policy_digest: Mapped[str] = mapped_column(String(64))
    document_digest: Mapped[str] = mapped_column(String(64), info={"file": True})
    document_size: Mapped[int] = mapped_column(Integer)
    rendering: Mapped[str] = mapped_column(Text, info={"files": "pages"})
    final_digest: Mapped[str | None] = mapped_column(String(64), info={"file": True})
    ending: Mapped[Ending | None]
    reason: Mapped[str | None] = mapped_column(Text)

    # The provider signs first. Times do not decide: two servers' clocks may differ, and the newest file is the last's.
    signatures: Mapped[list["Signature"]] = relationship(order_by="Signature.role.desc()", lazy="selectin")
    versions: Mapped[list["Version"]] = relationship(order_by="Version.seq", lazy="selectin")
    remarks: Mapped[list["Remark"]] = relationship(order_by="Remark.place", lazy="selectin")


class Version(Base):
    """The terms as one side offered them; never changed.

    Attributes:
        seq: 1 for the request, then one more each time.
        digest: of the version as a link of the chain (:class:`contracts.versions.Link`).
        parent_digest: of the version it answers; None for the first.
        role: whose offer it is.
        terms: canonical JSON.
        document_digest: SHA-256 of the PDF made from them, stored before the version is made.
        document_size: bytes.
        rendering: canonical JSON, as of the contract.
        comment: what its maker says to it.
        remark_id: the suggestion that it takes up, if it does.
    """

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("contract_id", "seq"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    step_id: Mapped[uuid.UUID]
    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contract.id"))
    seq: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))
    parent_digest: Mapped[str | None] = mapped_column(String(64))
    role: Mapped[Role]
    terms: Mapped[str] = mapped_column(Text)
    terms_digest: Mapped[str] = mapped_column(String(64), info={"file": True})
    document_digest: Mapped[str] = mapped_column(String(64), info={"file": True})
    document_size: Mapped[int] = mapped_column(Integer)
    rendering: Mapped[str] = mapped_column(Text, info={"files": "pages"})
    comment: Mapped[str] = mapped_column(Text)
    remark_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("remark.id"))
    made_at: Mapped[datetime]


class Remark(Base):
    """What one side says on a clause of a version, with or without a suggestion; never changed.

    Attributes:
        place: counted from 1 in each contract.
        seq: the version it was made on.
        on_digest: SHA-256 of that version's terms.
        clause: id of the article or schedule.
        comment: what is said.
        changes: canonical JSON of a suggestion, blank -> value or null; None for a comment alone.
        result_digest: SHA-256 of the terms that the suggestion leads to.
    """

    __tablename__ = "remark"
    __table_args__ = (UniqueConstraint("contract_id", "place"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    step_id: Mapped[uuid.UUID]
    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contract.id"))
    place: Mapped[int] = mapped_column(Integer)
    role: Mapped[Role]
    seq: Mapped[int] = mapped_column(Integer)
    on_digest: Mapped[str] = mapped_column(String(64))
    clause: Mapped[str] = mapped_column(String(60))
    comment: Mapped[str] = mapped_column(Text)
    changes: Mapped[str | None] = mapped_column(Text)
    result_digest: Mapped[str | None] = mapped_column(String(64))
    made_at: Mapped[datetime]


class Signature(Base):
    """A party's signature in the file; never changed.

    Attributes:
        key_id: the exchange's row for the certificate; it stands in an entry of its own.
        algorithm: ``ES256`` or ``RS256``, after the certificate's key.
        statement: canonical JSON that the signer was shown; its digest stands in the signature.
        file_digest: SHA-256 of the file with this signature in it.
        stamped: whether the signature carries a time stamp.
        assertion: canonical JSON of a passkey's assertion over SHA-256 of the statement, or None.
    """

    __tablename__ = "signature"
    __table_args__ = (UniqueConstraint("contract_id", "role"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    step_id: Mapped[uuid.UUID]
    contract_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("contract.id"))
    role: Mapped[Role]
    key_id: Mapped[uuid.UUID]
    algorithm: Mapped[str] = mapped_column(String(10))
    statement: Mapped[str] = mapped_column(Text)
    file_digest: Mapped[str] = mapped_column(String(64), info={"file": True})
    stamped: Mapped[bool]
    assertion: Mapped[str | None] = mapped_column(Text)
    signed_at: Mapped[datetime]
