"""Which signed head evidence leads to: the newest that the evidence policy accepts, witnesses and all."""

from contextlib import closing

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ledger import reader
from ledger.errors import LedgerError
from ledger.models import LedgerCheckpoint, LedgerCosignature
from ledger.policy import NONE, Policy
from ledger.reader import Head
from market import config, trust
from market.errors import Unavailable
from market.i18n import gettext as _
from market.keys import ring

BATCH = 60
"""Heads that are read at a time in the search for one with a quorum."""
RETRY_SECONDS = 1
"""When to ask again for what the next checkpoint or its witnesses bring."""


def policy(session: Session) -> Policy:
    """Return the policy that this exchange's evidence is held against, with every key of the log that is known."""
    settings = config.current()
    return trust.evidence(settings, ring.published(session, settings))


def policy_text(session: Session) -> str:
    """Return the same as a file for a verifier."""
    settings = config.current()
    return trust.evidence_text(settings, ring.published(session, settings))


def witnessed(session: Session) -> Head | None:
    """Return the newest head with the quorum of witnesses that the operator asks for, or None before the first."""
    found = accepted(session, policy(session), newest=True)
    return None if found is None else reader.checkpoint(session, found[0])


def accepted(
    session: Session, asked: Policy, first: int = 0, last: int | None = None, *, newest: bool = False
) -> tuple[int, str] | None:
    """Return size and note of the first head, or the newest, that a policy accepts; None when it accepts none.

    However many heads no witness saw, only those are looked at that as many cosigned as the quorum takes.

    Args:
        session: a session that reads.
        asked: the policy.
        first: the smallest size that will do.
        last: the largest; None for any.
        newest: whether the largest is wanted.
    """
    size, query = _candidates(asked)
    query = query.where(size >= first).order_by(size.desc() if newest else size)
    if last is not None:
        query = query.where(size <= last)
    with closing(session.scalars(query.execution_options(yield_per=BATCH))) as candidates:
        for candidate in candidates:
            note = reader.cosigned(session, candidate)
            try:
                asked.check(note)
            except LedgerError:
                continue
            return candidate, note
    return None


def _candidates(asked: Policy) -> tuple[InstrumentedAttribute[int], Select[int]]:
    """Return the column of sizes, and the sizes of the heads with lines of enough different witnesses."""
    if asked.quorum == NONE:
        return LedgerCheckpoint.size, select(LedgerCheckpoint.size)
    size, key = LedgerCosignature.size, LedgerCosignature.key
    of_policy = select(size).where(key.in_([str(witness) for witness in asked.witnesses.values()]))
    return size, of_policy.group_by(size).having(func.count() >= _fewest(asked, asked.quorum))


def _fewest(asked: Policy, name: str) -> int:
    """Return how few witnesses can make up a group, or the quorum."""
    group = asked.groups.get(name)
    if group is None:
        return 1
    return sum(sorted(_fewest(asked, member) for member in group.members)[: group.threshold])


def waiting(session: Session, index: int | None) -> Unavailable:
    """Return the refusal for an entry that has no receipt yet: what it waits for, and when to ask again.

    Args:
        session: a session that reads.
        index: the entry's place in the log; None until it is integrated.
    """
    head = reader.latest_checkpoint(session)
    if index is not None and head is not None and index < head.size:
        return Unavailable(
            "ledger.not_witnessed",
            _("The witnesses have not cosigned the checkpoint of this entry yet. Try again in a moment."),
            retry_after=RETRY_SECONDS,
        )
    return Unavailable(
        "ledger.not_published",
        _("The newest entry is not under a checkpoint yet. Try again in a moment."),
        retry_after=RETRY_SECONDS,
    )
