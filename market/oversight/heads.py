"""Which signed head evidence leads to: the newest that the evidence policy accepts, witnesses and all."""

from sqlalchemy.orm import Session

from ledger import reader
from ledger.errors import LedgerError
from ledger.policy import Policy
from ledger.reader import Head
from market import config, trust
from market.errors import Unavailable
from market.i18n import gettext as _
from market.keys import ring

LOOKED_BACK = 60
"""Heads that are asked for a quorum, newest first: a minute of a busy log whose witnesses are away."""
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
    asked = policy(session)
    for head in reader.latest_checkpoints(session, LOOKED_BACK):
        try:
            asked.check(reader.cosigned(session, head.size))
        except LedgerError:
            continue
        return head
    return None


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
