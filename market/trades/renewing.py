"""Renewing the contract of a trade: the buyer asks for a new one with the terms in force, and it begins its own trade.

Its term begins when that of the contract renewed ends, if that one still runs. The price is paid, and the file may be
fetched, as soon as the new contract is in force. The trade renewed goes its own way: nothing of it changes.
"""

from sqlalchemy.orm import Session

from contracts.canonical import sha256
from market import permissions, steps
from market.actor import Actor
from market.contracting import renewals
from market.contracting import service as contracting
from market.contracting.models import Request
from market.contracting.reading import Agreed
from market.contracting.requesting import by_id, kept
from market.db import read, transaction
from market.errors import Conflict
from market.i18n import _
from market.steps import Kind
from market.trades import acts, service
from market.trades.acts import Act
from market.trades.service import Life


def renew(actor: Actor, number: str, key: str | None = None) -> Request:
    """Ask for a renewal; the provider answers it as every request.

    Opens its own doors, since setting the document in type must not happen inside a transaction.

    Args:
        actor: a buyer of the buying organisation.
        number: the trade's number.
        key: the ``Idempotency-Key``; the same key and trade give the renewal made the first time.

    Raises:
        NotFound: no such trade, or not one of the actor's.
        Forbidden: the actor is not a buyer of the buying organisation, or a party is suspended.
        Conflict: the agreement is suspended or was terminated, a dispute is open, the data were deleted, a renewal is
            open or runs (``renewal.already``), the contract has a fixed form, the asset is not registered any more, or
            other terms came into force while the document was made (``contract.other_version``).
        Invalid: the exchange cannot act upon the terms any more, or a character cannot be printed.
    """
    given = {"renews": number}
    with read() as session:
        rows = _mine(session, actor, number)
        if made := steps.once(session, actor, key, Kind.CONTRACT_REQUESTED, given):
            return by_id(session, made)
        old = _renewable(session, rows)
        until = rows.agreement.term_until
        draft = renewals.drafted(session, old, until)
    rendered = kept(draft)
    with transaction() as session:
        rows = _mine(session, actor, number, lock=True)
        if made := steps.once(session, actor, key, Kind.CONTRACT_REQUESTED, given):
            return by_id(session, made)
        present = _renewable(session, rows)
        if (present.contract.id, rows.agreement.term_until) != (old.contract.id, until):
            raise Conflict(
                "contract.other_version",
                _("You named terms other than those in force. Read the present contract first."),
            )
        step = steps.begin(actor, Kind.CONTRACT_REQUESTED, steps.new_handle())
        row = renewals.put(session, step, present, draft, rendered)
        steps.record(session, step, given=given, note={"document": sha256(rendered.pdf)})
        steps.remember(session, actor, key, Kind.CONTRACT_REQUESTED, given, row.id)
        return row


def _mine(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Life:
    rows = service.seen(session, actor, number, lock=lock)
    permissions.require(actor, "contract.renew", service.relation_of(actor, rows.trade))
    return rows


def _renewable(session: Session, rows: Life) -> Agreed:
    """Return the contract in force, or in force until its end, if it may be renewed now."""
    acts.demand(service.standing(session, rows), Act.RENEW)
    return contracting.agreed(session, rows.agreement.contract_id)
