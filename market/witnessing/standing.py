"""How the witnesses of this log stand, and the logs that are watched: for the doctor and the metrics."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.models import LedgerCheckpoint, LedgerCosignature
from ledger.policy import Policy
from ledger.witness import contradictions, held

LONG: Final = timedelta(minutes=2)
"""How long a head may stand without a witness's cosignature before somebody should look."""


@dataclass(frozen=True)
class Heard:
    """A witness of this log.

    Attributes:
        name: its name in the policy.
        url: where it is asked.
        size: the newest head that it cosigned; 0 for none.
        behind: entries signed since.
        waiting: how long the oldest head that it has not cosigned has stood.
    """

    name: str
    url: str
    size: int
    behind: int
    waiting: timedelta

    @property
    def is_silent(self) -> bool:
        """Whether it has not answered for long."""
        return self.waiting > LONG


@dataclass(frozen=True)
class Watched:
    """A log that this exchange witnesses.

    Attributes:
        origin: its name.
        size: of the head that was cosigned last; 0 for none.
        contradictions: how many heads it has signed that contradict what was cosigned.
    """

    origin: str
    size: int
    contradictions: int


def heard(session: Session, policy: Policy, now: datetime) -> Iterator[Heard]:
    """Yield how each witness of the evidence policy stands.

    Args:
        session: a reading session.
        policy: names the witnesses.
        now: the present.
    """
    newest = session.scalar(select(func.max(LedgerCheckpoint.size))) or 0
    for name, key in policy.witnesses.items():
        of_key = LedgerCosignature.key == str(key)
        size = session.scalar(select(func.max(LedgerCosignature.size)).where(of_key)) or 0
        waits = select(LedgerCheckpoint.time).where(LedgerCheckpoint.size > size)
        since = session.scalar(waits.order_by(LedgerCheckpoint.size).limit(1))
        waiting = timedelta() if since is None else max(now - since, timedelta())
        yield Heard(name, policy.urls.get(key, ""), size, newest - size, waiting)


def watched(session: Session, policy: Policy) -> Iterator[Watched]:
    """Yield how each log stands that this exchange witnesses.

    Args:
        session: a reading session.
        policy: names the logs.
    """
    for origin in dict.fromkeys(key.name for key in policy.logs):
        against = len(contradictions(session, origin))
        yield Watched(origin, held(session, origin).checkpoint.size, against)
