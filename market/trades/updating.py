"""Updates: a newer file of the asset goes to the buyers whose contract gives them a right to it, and they are told.

The articles on delivery of the model texts say when that is: where the blank ``data.update`` is not ``once``, each
update is part of the data from its notice on, delivered under the same article and under the same quality, use and
term. So a notice is a step of the trade, with a grant for the file; the letter about it is a job for each person.

An approved update queues one job for each trade, so that a trade in trouble holds up no other; each is one
transaction and changes nothing when it is done again. A contract that comes into force later, or gains the right by an
amendment, gets the newest update that came after the file it names.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from contracts.terms import AnyTerms, Terms
from market import clock, config, jobs, mail, steps
from market.actor import Actor
from market.db import read, transaction
from market.delivery import gate
from market.delivery import service as delivery
from market.delivery import updating as grants
from market.delivery.grant import GrantState
from market.delivery.models import AccessGrant, Receipt
from market.participants import members
from market.registry import update_reading
from market.registry.update_reading import Updated
from market.steps import Kind
from market.trades import service
from market.trades.agreement import AgreementState
from market.trades.models import Agreement, Trade
from market.trades.service import Life

SYSTEM: Final = Actor.system("trade")
IN_FORCE: Final = frozenset({AgreementState.ACTIVE, AgreementState.SUSPENDED})


@dataclass(frozen=True)
class Given:
    """An update that a buyer was told of.

    Attributes:
        grant: under which it is fetched.
        changes: what differs from the file before it, in the provider's words.
        receipt: None until the whole file was handed over.
        open: whether the gate lets it be fetched now.
    """

    grant: AccessGrant
    changes: str
    receipt: Receipt | None
    open: bool


def rights_to_updates(terms: AnyTerms) -> bool:
    """Tell whether terms give the buyer the updates of the data (article on delivery of the model texts)."""
    return isinstance(terms, Terms) and terms.has_updates


def on_approved(update: str) -> None:
    """Job: look at every trade of an asset that is in force, since a newer file of the asset was approved."""
    with transaction() as session:
        asset_id = update_reading.approved(session, uuid.UUID(update)).update.asset_id
        query = (
            select(Trade.number)
            .join(Agreement, Agreement.trade_id == Trade.id)
            .where(Trade.asset_id == asset_id, Agreement.state.in_(IN_FORCE))
        )
        for number in session.scalars(query.order_by(Trade.id)):
            jobs.queue(session, "trade.update", number=number, update=update)


def catch_up(session: Session, trade: Trade) -> None:
    """Look at the newest update of a trade's asset, within the step by which a contract of it came into force."""
    newest = update_reading.newest_approved(session, trade.asset_id)
    if newest is not None:
        jobs.queue(session, "trade.update", number=trade.number, update=newest.update.id)


def on_update(number: str, update: str) -> None:
    """Job: give a buyer with a right to it a newer file, and tell its people; nothing for one that has it already."""
    with transaction() as session:
        rows = service.life(session, number, lock=True)
        newer = update_reading.approved(session, uuid.UUID(update))
        if not _is_due(session, rows, newer):
            return
        step = service.step_of(SYSTEM, Kind.TRADE_UPDATED, rows.trade)
        file = newer.revision
        grant = grants.add(
            session,
            step,
            rows.trade.id,
            delivery.File(file.digest, file.size, file.filename, file.media_type),
            newer.update.id,
        )
        for user_id in members.acting(session, rows.trade.buyer_id):
            jobs.queue(session, "trade.updated", number=number, ordinal=grant.ordinal, user_id=user_id)
        steps.record(session, step)


def on_updated(number: str, ordinal: int, user_id: str) -> None:
    """Job: write to a person of the buyer about an update, unless it cannot be fetched any more.

    Raises:
        Unavailable: the mail server does not take it; the job is tried again.
    """
    with read() as session:
        rows = service.life(session, number)
        grant = delivery.grant_of(session, rows.trade.id, ordinal)
        to = members.address(session, uuid.UUID(user_id), [rows.trade.buyer_id])
        changes = _changes(session, grant)
    over = grant.fetch_until is not None and grant.fetch_until <= clock.now()
    if to is None or over or grant.state is GrantState.CLOSED:
        return
    mail.send(
        to,
        "trade_updated",
        number=number,
        title=rows.trade.title,
        filename=grant.filename,
        size=grant.size,
        digest=grant.digest,
        changes=changes,
        until=grant.fetch_until,
        suspended=grant.state is GrantState.SUSPENDED,
        link=f"{config.current().base_url.rstrip('/')}/trades/{number}",
    )


def given(session: Session, trade_id: uuid.UUID) -> list[Given]:
    """Return the updates that the buyer of a trade was told of, the newest first."""
    return [
        Given(
            grant=grant,
            changes=_changes(session, grant),
            receipt=delivery.receipt_of(session, grant.id),
            open=gate.decide(delivery.grounds(grant, delivery.usage_of(session, grant.id)), clock.now())
            is None,
        )
        for grant in grants.updates_of(session, trade_id)
    ]


def facts(session: Session, one: Given) -> Mapping[str, Any]:
    """Return an update for a program."""
    grant, receipt = one.grant, one.receipt
    return {
        "ordinal": grant.ordinal,
        "filename": grant.filename,
        "media_type": grant.media_type,
        "size": grant.size,
        "digest": grant.digest,
        "changes": one.changes,
        "notified_at": grant.opened_at,
        "fetch_until": grant.fetch_until,
        "open": one.open,
        "grant": grant.state.value,
        "transfer": grant.transfer.value,
        "completed_at": receipt.completed_at if receipt else None,
        "entry_id": receipt.step_id if receipt else None,
        "index": steps.index_of(session, receipt.step_id) if receipt else None,
    }


def _is_due(session: Session, rows: Life, newer: Updated) -> bool:
    """Tell whether a trade's buyer has a right to an update now and was not given it yet."""
    agreement, trade = rows.agreement, rows.trade
    if agreement.state not in IN_FORCE or agreement.term_until <= clock.now():
        return False
    if steps.is_frozen(session, trade.handle) or not rights_to_updates(service.terms_of(session, rows)):
        return False
    sold = delivery.grant_of(session, trade.id).digest
    after = newer.revision.ordinal > update_reading.ordinal_of(session, trade.asset_id, sold)
    return after and grants.may_add(session, trade.id, newer.revision.digest)


def _changes(session: Session, grant: AccessGrant) -> str:
    assert grant.update_id is not None  # noqa: S101 - the database demands it of every update
    return update_reading.approved(session, grant.update_id).update.changes
