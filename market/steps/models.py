"""The rows of a step: itself, which rows it wrote, what its commitments open to, and repeats.

``step`` and its ledger entry share one id. A row of a stateful table points at the step that last
wrote it by (``step_id``, ``id``) -> ``step_image``, so the database itself refuses a change that no
step lists. Every foreign key between rooms and every trigger is in ``market/migrations``.
"""

import uuid
from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Base


class Stateful:
    """Mixin of every row whose changes are steps: set ``step_id`` whenever you write the row."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    step_id: Mapped[uuid.UUID]


class Step(Base):
    """Who did what when, under which rule book; one ledger entry each, never changed."""

    __tablename__ = "step"
    __table_args__ = (UniqueConstraint("object", "seq"), Index("ix_step_kind", "kind", "time"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    object: Mapped[str] = mapped_column(String(32))
    seq: Mapped[int]
    rules: Mapped[int]
    time: Mapped[datetime]
    user_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(60))
    via: Mapped[str] = mapped_column(String(8))
    given_digest: Mapped[str] = mapped_column(String(64))

    @property
    def entry_id(self) -> uuid.UUID:
        """The id of the ledger entry, which is the step's own."""
        return self.id


class StepImage(Base):
    """One row that a step wrote, and the field of the entry that commits to its after-image."""

    __tablename__ = "step_image"

    step_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    row_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, index=True)
    table: Mapped[str] = mapped_column(String(40))
    field: Mapped[str] = mapped_column(String(80))


class Vault(Base):
    """What a commitment opens to; erasing the row leaves a commitment that nobody can open."""

    __tablename__ = "vault"

    entry_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(String(80), primary_key=True)
    subject: Mapped[uuid.UUID | None] = mapped_column(index=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    value: Mapped[str] = mapped_column(Text)


class Creation(Base):
    """An answered ``Idempotency-Key``: who, SHA-256 of the key, what input, what was made."""

    __tablename__ = "creation"

    scope: Mapped[str] = mapped_column(String(36), primary_key=True)
    key_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    given_digest: Mapped[str] = mapped_column(String(64))
    made_id: Mapped[uuid.UUID]
    made_at: Mapped[datetime]
