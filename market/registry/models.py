"""Assets, their files, and what was measured in them."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Base
from market.inspection.sensitive.classes import Sensitive
from market.registry.states import RegistrationState, UpdateState
from market.steps import Stateful


class Right(StrEnum):
    """A right in data that a provider claims (P3 of the provisions: 持有, 加工使用, 经营)."""

    HOLD = "hold"
    PROCESS = "process"
    OPERATE = "operate"


class Asset(Stateful, Base):
    """What a provider registers.

    ``rights`` holds values of :class:`Right`; ``number`` is given at registration; ``duplicate_of`` is an
    earlier asset with the same data, for the reviewer alone. ``authority`` is whose public data they are declared to
    be (R2.10) and ``authority_basis`` on what ground; both None where they are nobody's.
    """

    __tablename__ = "asset"
    __table_args__ = (Index("ix_asset_provider", "provider_id", "drafted_at"),)

    handle: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str | None] = mapped_column(String(11), unique=True)
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(Text)
    rights: Mapped[list[Any]]
    authority: Mapped[str | None] = mapped_column(String(200))
    authority_basis: Mapped[str | None] = mapped_column(Text)
    state: Mapped[RegistrationState] = mapped_column(default=RegistrationState.DRAFT)
    drafted_at: Mapped[datetime] = mapped_column(index=True)
    decision: Mapped[str | None] = mapped_column(Text)
    duplicate_of: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("asset.id"))
    notice_until: Mapped[datetime | None]
    registered_at: Mapped[datetime | None]


class Revision(Stateful, Base):
    """One exact file of an asset; written once.

    ``digest`` is SHA-256 of the uploaded bytes and their name in storage; ``size`` is in bytes.
    """

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("asset_id", "ordinal"),)

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"))
    ordinal: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), index=True, info={"file": True})
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    filename: Mapped[str] = mapped_column(String(200))


class Update(Stateful, Base):
    """A file that shall follow the one on offer of a registered asset; the first file of an asset is none.

    ``after_id`` is the file that was on offer when it came; ``comparison`` (:mod:`market.inspection.comparing`) says
    how the two differ, None until that is measured; ``changes`` is what the provider says of it.
    """

    __tablename__ = "asset_update"

    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"), index=True)
    revision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"), unique=True)
    after_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"))
    state: Mapped[UpdateState] = mapped_column(default=UpdateState.DRAFT)
    changes: Mapped[str] = mapped_column(Text)
    comparison: Mapped[dict[str, Any] | None]
    decision: Mapped[str | None] = mapped_column(Text)
    uploaded_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class Origin(StrEnum):
    """Where a declaration was taken from."""

    OWN = "own"
    TABLE_SCHEMA = "table_schema"
    ODCS = "odcs"
    DRAFT = "draft"


class Declaration(Stateful, Base):
    """What a provider declares of a revision; the last counts, and the file is measured against it.

    ``document`` is canonical JSON (:mod:`market.inspection.declared.model`) and may hold values out of the data
    (allowed values, bounds), so it is committed apart under the provider as its subject; ``digest`` is its SHA-256.
    """

    __tablename__ = "declaration"
    __table_args__ = (UniqueConstraint("revision_id", "ordinal"),)

    revision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"))
    ordinal: Mapped[int]
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    document: Mapped[str] = mapped_column(Text, info={"personal": "provider_id"})
    digest: Mapped[str] = mapped_column(String(64))
    origin: Mapped[Origin]
    declared_at: Mapped[datetime]


class Inspection(Stateful, Base):
    """What the exchange measured in a revision, or why it could not; one for each declaration it was held against.

    ``ordinal`` is that declaration's, 0 where there was none.
    ``report`` (canonical JSON, :mod:`market.inspection.report`) holds facts; ``preview`` holds values out of the
    data, so it is committed apart under the provider as its subject and can be erased alone; ``engine`` names the
    versions of what measured. ``refusal`` and ``facts`` stand instead when the file could not be measured.
    """

    __tablename__ = "inspection"
    __table_args__ = (UniqueConstraint("revision_id", "ordinal"),)

    revision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"))
    ordinal: Mapped[int]
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    inspected_at: Mapped[datetime]
    report: Mapped[str | None] = mapped_column(Text)
    report_digest: Mapped[str | None] = mapped_column(String(64))
    content_digest: Mapped[str | None] = mapped_column(String(64), index=True)
    preview: Mapped[str | None] = mapped_column(Text, info={"personal": "provider_id"})
    engine: Mapped[dict[str, Any] | None]
    refusal: Mapped[str | None] = mapped_column(String(40))
    facts: Mapped[dict[str, Any] | None]


class Correction(Stateful, Base):
    """A reviewer's word on what a column holds, over what was measured; the last of a column counts.

    ``kind`` is a class of sensitive data, None for none; ``instead_of`` is what counted before.
    """

    __tablename__ = "correction"
    __table_args__ = (UniqueConstraint("revision_id", "ordinal"),)

    revision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"))
    ordinal: Mapped[int]
    column: Mapped[str] = mapped_column(Text)
    kind: Mapped[Sensitive | None]
    instead_of: Mapped[Sensitive | None]
    reason: Mapped[str] = mapped_column(Text)
    corrected_at: Mapped[datetime]


class Decision(StrEnum):
    """What the operator says to an appeal."""

    RELEASE = "release"
    HOLD = "hold"


class Appeal(Stateful, Base):
    """A provider's request to let a stopped registration go on, and the operator's decision once there is one.

    ``stops`` are what stood in the way when it was made (:class:`market.registry.screening.Stop`); a release covers
    exactly these.
    """

    __tablename__ = "appeal"
    __table_args__ = (UniqueConstraint("revision_id", "ordinal"),)

    revision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"))
    ordinal: Mapped[int]
    stops: Mapped[list[Any]]
    reason: Mapped[str] = mapped_column(Text)
    appealed_at: Mapped[datetime]
    decision: Mapped[Decision | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None]


class SealedReport(Base):
    """The sealed document about an inspection (:mod:`market.registry.sealed`); never part of a step.

    ``key`` is SHA-256 of what it says: a correction makes another document, and this one stays.
    """

    __tablename__ = "sealed_report"

    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspection.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    file_digest: Mapped[str] = mapped_column(String(64), info={"file": True})
    sealed_at: Mapped[datetime]


class Cleaning(Stateful, Base):
    """How a file of an asset was made of an earlier one by a recipe; written once.

    ``recipe`` is canonical JSON (:mod:`market.inspection.cleaning.recipe`); what its provider writes in it may come
    out of the data, so it is committed apart under the provider as its subject. ``changes`` says what each operation
    did, ``rows`` and ``kept`` how many rows there were before and after; ``engine`` names the versions of what
    cleaned: with the same ones the same source and recipe give the same ``result_digest`` again.
    """

    __tablename__ = "cleaning"

    source_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"))
    revision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"), unique=True)
    provider_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    recipe: Mapped[str] = mapped_column(Text, info={"personal": "provider_id"})
    recipe_digest: Mapped[str] = mapped_column(String(64))
    source_digest: Mapped[str] = mapped_column(String(64))
    result_digest: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int] = mapped_column(BigInteger)
    kept: Mapped[int] = mapped_column(BigInteger)
    changes: Mapped[list[Any]]
    engine: Mapped[dict[str, Any]]
    cleaned_at: Mapped[datetime]


class CleaningRequest(Base):
    """A recipe that waits to be followed, or why it could not be; one of an asset, and gone when it is done.

    Never part of a step: nothing is changed until it was followed.
    """

    __tablename__ = "cleaning_request"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("asset.id"), unique=True)
    revision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"))
    recipe: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    refusal: Mapped[str | None] = mapped_column(String(40))
    facts: Mapped[dict[str, Any] | None]


class Attestation(Stateful, Base):
    """What an accredited body measured in a revision and signed by its own key; written once.

    ``report`` is canonical JSON as an inspection's own. ``statement`` is what was signed
    (:mod:`market.inspection.statement`) and names the report and the file by their digests; ``signature`` is a detached
    CMS SignedData over it, base64 of DER, by the key of ``certificate_id``.
    """

    __tablename__ = "attestation"
    __table_args__ = (
        UniqueConstraint("revision_id", "ordinal"),
        UniqueConstraint("revision_id", "statement_digest"),
    )

    revision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"))
    ordinal: Mapped[int]
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    certificate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("certificate.id"))
    report: Mapped[str] = mapped_column(Text)
    report_digest: Mapped[str] = mapped_column(String(64))
    statement: Mapped[str] = mapped_column(Text)
    statement_digest: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(Text)
    attested_at: Mapped[datetime]


class Measuring(Base):
    """How far the measuring of a revision is, in thousandths; never part of a step, and gone when it is done."""

    __tablename__ = "measuring"

    revision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"), primary_key=True)
    done: Mapped[int]


class Fingerprint(Base):
    """Samples of what a revision holds (:mod:`market.registry.fingerprint`), to know the same data again.

    Never part of a step, a leaf, a bundle or an answer: it could tell whoever has it and the secret which values stand
    in a file. It can be made again from the file at any time.
    """

    __tablename__ = "fingerprint"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), Identity(always=True), primary_key=True
    )
    revision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("revision.id"), unique=True)
    samples: Mapped[bytes] = mapped_column(LargeBinary)


class FingerprintMark(Base):
    """A few values of each sample of a fingerprint, by which it is found."""

    __tablename__ = "fingerprint_mark"
    __table_args__ = {"sqlite_with_rowid": False}

    value: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    fingerprint_id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"),
        ForeignKey("fingerprint.id"),
        primary_key=True,
        autoincrement=False,
    )
