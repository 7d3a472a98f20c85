"""What this room keeps for itself: when fsck ran and what it found. No evidence: anyone may run it again."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Base


class FsckRun(Base):
    """One run of fsck, finished."""

    __tablename__ = "fsck_run"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID | None]
    """Who asked for it."""
    began_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime]
    entries: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"))
    faults: Mapped[int]
    findings: Mapped[list[Any]]
    """The first of them, one line each."""
