"""How the witnesses of this log stand, and the logs that are watched: for the doctor and the metrics."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ledger.models import LedgerCheckpoint, LedgerCosignature
from ledger.policy import Policy
from ledger.witness import contradictions, held
from market.witnessing import journaling

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
class Kept:
    """A mirror of this log's journal.

    Attributes:
        name: its name in the policy.
        url: where it is.
        next: how many entries' records it holds, as it said itself.
        size: entries under the newest checkpoint.
        why: why it took nothing the last time; empty when it did.
        waiting: how long the oldest head has stood whose entries it has not all.
    """

    name: str
    url: str
    next: int
    size: int
    why: str
    waiting: timedelta

    @property
    def is_late(self) -> bool:
        """Whether it has taken nothing for long, or says that it holds more than there is."""
        return self.waiting > LONG or self.next > self.size


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
        yield Heard(name, policy.urls.get(key, ""), size, newest - size, _waiting(session, size, now))


def kept(session: Session, policy: Policy, home: Path, now: datetime) -> Iterator[Kept]:
    """Yield how far each mirror holds the journal that this exchange sends.

    Args:
        session: a reading session.
        policy: names the witnesses.
        home: the exchange's folder, where it is noted what they said.
        now: the present.
    """
    newest = session.scalar(select(func.max(LedgerCheckpoint.size))) or 0
    for name, key in policy.witnesses.items():
        if key in policy.urls:
            said = journaling.standing(home, key)
            waiting = _waiting(session, said.next, now)
            yield Kept(name, policy.urls[key], said.next, newest, said.why, waiting)


def watched(session: Session, policy: Policy) -> Iterator[Watched]:
    """Yield how each log stands that this exchange witnesses.

    Args:
        session: a reading session.
        policy: names the logs.
    """
    for origin in dict.fromkeys(key.name for key in policy.logs):
        against = len(contradictions(session, origin))
        yield Watched(origin, held(session, origin).checkpoint.size, against)


def _waiting(session: Session, size: int, now: datetime) -> timedelta:
    """Return how long the oldest head above a size has stood."""
    waits = select(LedgerCheckpoint.time).where(LedgerCheckpoint.size > size)
    since = session.scalar(waits.order_by(LedgerCheckpoint.size).limit(1))
    return timedelta() if since is None else max(now - since, timedelta())
