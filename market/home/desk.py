"""What waits for whom: one list gathered from the rooms, the nearest deadline first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from market import clock, permissions
from market.actor import Actor, Role
from market.catalog import reading as catalog
from market.catalog import showing
from market.catalog.states import ListingState
from market.contracting import reading as contracting
from market.contracting import showing as contracts
from market.i18n import gettext as _
from market.i18n import lazy
from market.oversight import explorer
from market.participants import service as participants
from market.payments import viewing as payments
from market.permissions import Relation
from market.registry import reading as registry
from market.registry.models import Asset
from market.registry.states import RegistrationState
from market.trades import timeline
from market.trades import waiting as trades

NEWEST = 6
"""Listings on the first page."""

TRADE_TASKS = {
    "pay": lazy("Pay the price"),
    "fetch": lazy("Download the data"),
    "accept": lazy("Accept or reject the delivery"),
    "rule": lazy("Rule on the dispute"),
}
NEAR = timedelta(days=2)
"""A deadline nearer than this is shown as urgent."""

NEWS = timedelta(days=14)
"""How long a rejected registration, or a file that could not be measured, stays on the desk."""

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Task:
    """Something that waits for the person who looks.

    Attributes:
        label: what is to be done.
        about: the thing it is about, in the reader's words.
        href: where to do it.
        due_at: by when; None when nothing happens by itself.
        since: since when it waits, where that is known.
    """

    label: str
    about: str
    href: str
    due_at: datetime | None = None
    since: datetime | None = None

    @property
    def urgent(self) -> bool:
        """Whether the deadline is near."""
        return self.due_at is not None and self.due_at - clock.now() < NEAR


def waiting(session: Session, actor: Actor) -> list[Task]:
    """Return what waits for the actor: the nearest deadline first, then what has waited longest."""
    tasks = [
        *_organisations(session, actor),
        *_assets(session, actor),
        *_listings(session, actor),
        *_contracts(session, actor),
        *_trades(session, actor),
        *_payments(session, actor),
    ]
    return sorted(tasks, key=lambda task: (task.due_at or _NEVER, task.since or _NEVER))


def elsewhere(session: Session, actor: Actor) -> list[Task]:
    """Return what is under way but waits for somebody else, so that nobody wonders where it is."""
    found = [
        Task(
            str(contracts.WAITS[contracting.turn(state)]),
            row.title,
            f"/contracts/{row.number}",
            row.expires_at,
        )
        for row, state in contracting.under_way(session, actor)
        if contracting.turn(state) is not contracting.relation(actor, row)
    ]
    found += [
        Task(str(timeline.WAITS[awaited.what]), trade.title, f"/trades/{trade.number}", awaited.by)
        for trade, awaited in trades.under_way(session, actor)
        if awaited.side not in trades.sides_of(actor, trade)
    ]
    return sorted(found, key=lambda task: task.due_at or _NEVER)


def recent(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Return the newest steps of the whole exchange, for auditors; nothing for everybody else."""
    if not permissions.allowed(actor, "trade.audit", Relation.OTHER):
        return []
    found = explorer.search(session, actor, explorer.Search()).items[:NEWEST]
    return [
        {"kind": step.kind, "time": step.time, "entry": step.entry_id, "object": step.object}
        for step in found
    ]


def starts(actor: Actor) -> list[tuple[str, str]]:
    """Return where each role of the actor usually begins: address and words of a button."""
    places = {
        Role.PROVIDER: ("/assets/new", _("Register an asset")),
        Role.BUYER: ("/listings", _("Look at the listings")),
        Role.OPERATOR: ("/trades", _("All trades")),
        Role.REVIEWER: ("/assets", _("All registrations")),
        Role.AUDITOR: ("/audit", _("Search all steps")),
    }
    found = [place for role, place in places.items() if actor.has(role)]
    return found or [("/listings", _("Look at the listings"))]


def newest(session: Session) -> list[dict[str, Any]]:
    """Return the newest listings as the catalogue shows them."""
    return showing.cards(session, catalog.page_of(session, catalog.Filters()).items[:NEWEST])


def _organisations(session: Session, actor: Actor) -> Iterator[Task]:
    if permissions.allowed(actor, "organisation.decide", Relation.OTHER) and (
        count := participants.waiting(session)
    ):
        about = _("%(count)s waiting", count=count)
        yield Task(_("Decide about organisations"), about, "/organisations?state=APPLIED")


def _assets(session: Session, actor: Actor) -> Iterator[Task]:
    if permissions.allowed(actor, "asset.review", Relation.OTHER):
        for asset in registry.assets(session, actor, state=RegistrationState.SUBMITTED).items:
            yield _asset(_("Review a registration"), asset)
    if permissions.allowed(actor, "asset.submit"):
        for asset in registry.assets(session, actor, state=RegistrationState.DRAFT).items:
            inspection = registry.inspection_of(session, asset)
            if inspection is not None and inspection.refusal is None:
                yield _asset(_("Submit for review"), asset)
            elif inspection is not None and asset.drafted_at > clock.now() - NEWS:
                yield _asset(_("Not measurable: read why, then register a corrected file"), asset)
        for asset in registry.assets(session, actor, state=RegistrationState.REJECTED).items:
            if asset.drafted_at > clock.now() - NEWS:
                yield _asset(_("Rejected: read why, then register it anew"), asset)


def _listings(session: Session, actor: Actor) -> Iterator[Task]:
    if not permissions.allowed(actor, "listing.draft"):
        return
    for asset in registry.assets(session, actor, state=RegistrationState.REGISTERED).items:
        own = asset.provider_id == actor.organisation_id
        listings = catalog.of_asset(session, asset.id) if own else []
        if own and not listings:
            yield _asset(_("Registered: list it"), asset)
        for row in listings:
            if row.state is ListingState.DRAFT:
                place = f"/listings/{row.number}"
                yield Task(_("Publish the listing"), row.title, place, since=row.drafted_at)


def _contracts(session: Session, actor: Actor) -> Iterator[Task]:
    for request in contracting.waiting(session, actor):
        if permissions.allowed(actor, "contract.sign", contracting.relation(actor, request)):
            place = f"/contracts/{request.number}"
            yield Task(_("Sign the contract"), request.title, place, request.expires_at, request.requested_at)


def _trades(session: Session, actor: Actor) -> Iterator[Task]:
    for trade, awaited in trades.waiting(session, actor):
        if awaited.what in TRADE_TASKS:
            label, place = str(TRADE_TASKS[awaited.what]), f"/trades/{trade.number}"
            yield Task(label, trade.title, place, awaited.by, trade.began_at)


def _payments(session: Session, actor: Actor) -> Iterator[Task]:
    if not actor.has(Role.OPERATOR):
        return
    for row in payments.doubtful(session, actor):
        yield Task(_("Look at a payment in doubt"), row.title, f"/payments/{row.id}", since=row.planned_at)


def _asset(label: str, asset: Asset) -> Task:
    return Task(label, asset.title, f"/assets/{asset.id}", since=asset.drafted_at)
