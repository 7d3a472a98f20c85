"""What waits for whom: one list gathered from the rooms, the nearest deadline first, then what waits longest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy.orm import Session

from market import clock, permissions
from market.actor import Actor, Role
from market.catalog import reading as catalog
from market.catalog import showing
from market.contracting import approving
from market.contracting import reading as contracting
from market.contracting import showing as contracts
from market.i18n import gettext as _
from market.i18n import lazy
from market.invoicing import reading as invoices
from market.invoicing.states import InvoiceState
from market.oversight import explorer
from market.participants import service as participants
from market.payments import viewing as payments
from market.payments.reconciliation import desk as money_desk
from market.permissions import Relation
from market.registry import waiting as registry
from market.trades import timeline
from market.trades import waiting as trades

NEWEST = 6
"""Listings on the first page."""

TRADE_TASKS = {
    "pay": lazy("Pay the price"),
    "instalment": lazy("Pay the next instalment"),
    "fetch": lazy("Download the data"),
    "accept": lazy("Accept or reject the delivery"),
    "rule": lazy("Rule on the dispute"),
    "delete": lazy("Delete the data and state it"),
}
NEAR = timedelta(days=2)
"""A deadline nearer than this is shown as urgent."""

NEWS = timedelta(days=14)
"""How long a rejected registration, or a file that could not be measured, stays on the desk from then on."""

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Task:
    """Something that waits for somebody.

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


@dataclass(frozen=True)
class Rest:
    """What of one kind is not shown: what it is called, how much there is, and where all of it stands."""

    label: str
    count: int
    href: str


@dataclass(frozen=True)
class Work:
    """What is to be done, as far as it is shown, the most urgent first; and the rest, kind by kind."""

    tasks: list[Task]
    rest: list[Rest]


Found = Iterator[Task | Rest]
"""The tasks of one kind, and after them how many are not among them."""


def waiting(session: Session, actor: Actor) -> Work:
    """Return what waits for the actor."""
    return _gathered(
        _organisations(session, actor),
        _reviews(session, actor),
        _registrations(session, actor),
        _listings(session, actor),
        _contracts(session, actor),
        _approvals(session, actor),
        _trades(session, actor),
        _payments(session, actor),
        _invoices(session, actor),
    )


def elsewhere(session: Session, actor: Actor) -> Work:
    """Return what is under way but waits for somebody else, so that nobody wonders where it is."""
    return _gathered(_contracts_of_others(session, actor), _trades_of_others(session, actor))


def recent(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """Return the newest steps of the whole exchange, for auditors; nothing for everybody else."""
    if not permissions.allowed(actor, "trade.audit", Relation.OTHER):
        return []
    found = explorer.search(session, actor, explorer.Search()).items[:NEWEST]
    return [
        {"kind": step.kind, "time": step.time, "entry": step.entry_id, "object": step.object}
        for step in found
    ]


def alarms(session: Session, actor: Actor) -> int:
    """Return how many matters of the money must be looked at; 0 for who does not see the money desk."""
    if not permissions.allowed(actor, "reconciliation.look", Relation.OTHER):
        return 0
    return sum(one.count for one in money_desk.alarms(session, actor))


def starts(actor: Actor) -> list[tuple[str, str]]:
    """Return where each role of the actor usually begins: address and words of a button."""
    places = {
        Role.PROVIDER: ("/assets/new", _("Register an asset")),
        Role.BUYER: ("/listings", _("Look at the listings")),
        Role.ASSESSOR: ("/attestations/new", _("Attach an inspection")),
        Role.OPERATOR: ("/trades", _("All trades")),
        Role.REVIEWER: ("/assets", _("All registrations")),
        Role.AUDITOR: ("/audit", _("Search all steps")),
    }
    found = [place for role, place in places.items() if actor.has(role)]
    return found or [("/listings", _("Look at the listings"))]


def newest(session: Session) -> list[dict[str, Any]]:
    """Return the newest listings as the catalogue shows them."""
    return showing.cards(session, catalog.page_of(session, catalog.Filters()).items[:NEWEST])


def _gathered(*sources: Found) -> Work:
    found = list(chain(*sources))
    tasks = [one for one in found if isinstance(one, Task)]
    return Work(
        sorted(tasks, key=lambda task: (task.due_at or _NEVER, task.since or _NEVER)),
        [one for one in found if isinstance(one, Rest)],
    )


def _rest(label: str, more: int, href: str) -> Found:
    if more:
        yield Rest(label, more, href)


def _organisations(session: Session, actor: Actor) -> Found:
    if permissions.allowed(actor, "organisation.decide", Relation.OTHER) and (
        count := participants.waiting(session)
    ):
        about = _("%(count)s waiting", count=count)
        yield Task(_("Decide about organisations"), about, "/organisations?state=APPLIED")


def _reviews(session: Session, actor: Actor) -> Found:
    if permissions.allowed(actor, "asset.review", Relation.OTHER):
        yield from _assets(_("Review a registration"), registry.submitted(session, actor), "SUBMITTED")
        yield from _assets(_("Review a newer file"), registry.updated(session, actor), "REGISTERED")
    if permissions.allowed(actor, "asset.release", Relation.OTHER):
        label = _("Decide about a stopped registration")
        yield from _assets(label, registry.appealed(session, actor), "DRAFT")


def _registrations(session: Session, actor: Actor) -> Found:
    if not permissions.allowed(actor, "asset.submit"):
        return
    news = clock.now() - NEWS
    measured = registry.measured(session, actor)
    unmeasurable = registry.unmeasurable(session, actor, news)
    rejected = registry.rejected(session, actor, news)
    held = registry.held(session, actor, news)
    drafted = registry.update_drafted(session, actor)
    turned_down = registry.update_rejected(session, actor, news)
    yield from _assets(_("Submit for review"), measured, "DRAFT")
    yield from _assets(_("Not measurable: read why, then register a corrected file"), unmeasurable, "DRAFT")
    yield from _assets(_("Held by the operator: read why"), held, "DRAFT")
    yield from _assets(_("Rejected: read why, then register it anew"), rejected, "REJECTED")
    yield from _assets(_("Newer file: see how it differs, then submit it"), drafted, "REGISTERED")
    yield from _assets(_("Newer file rejected: read why"), turned_down, "REGISTERED")


def _assets(label: str, found: registry.Waiting, state: str) -> Found:
    for asset, since in found.items:
        yield Task(label, asset.title, f"/assets/{asset.id}", since=since)
    yield from _rest(label, found.more, f"/assets?state={state}")


def _listings(session: Session, actor: Actor) -> Found:
    if not permissions.allowed(actor, "listing.draft"):
        return
    unlisted = registry.unlisted(session, actor, catalog.offered())
    yield from _assets(_("Registered: list it"), unlisted, "REGISTERED")
    label, drafts = _("Publish the listing"), catalog.drafts(session, actor)
    for row, since in drafts.items:
        yield Task(label, row.title, f"/listings/{row.number}", since=since)
    yield from _rest(label, drafts.more, "/listings?mine")


def _contracts(session: Session, actor: Actor) -> Found:
    found = contracting.waiting(session, actor)
    for row, state, since in found.items:
        awaited = state in contracting.SIGNED_NEXT and approving.awaited(session, actor, row)
        label = _("Sign the contract once a colleague has approved it") if awaited else contracts.TASKS[state]
        yield Task(str(label), row.title, f"/contracts/{row.number}", row.expires_at, since)
    yield from _rest(_("Sign the contract"), found.more, "/contracts")


def _approvals(session: Session, actor: Actor) -> Found:
    label, found = _("Approve or refuse what a colleague is to sign"), approving.waiting(session, actor)
    for row, _state, since in found.items:
        yield Task(label, row.title, f"/contracts/{row.number}", row.expires_at, since)
    yield from _rest(label, found.more, "/contracts")


def _contracts_of_others(session: Session, actor: Actor) -> Found:
    found = contracting.elsewhere(session, actor)
    for row, state, since in found.items:
        label = str(contracts.WAITS[state])
        yield Task(label, row.title, f"/contracts/{row.number}", row.expires_at, since)
    yield from _rest(_("Contracts"), found.more, "/contracts")


def _trades(session: Session, actor: Actor) -> Found:
    found = trades.mine(session, actor)
    for one in found.items:
        yield _trade(TRADE_TASKS[one.next.what], one)
    yield from _rest(_("Trades"), found.more, "/trades")


def _trades_of_others(session: Session, actor: Actor) -> Found:
    found = trades.others(session, actor)
    for one in found.items:
        yield _trade(timeline.WAITS[one.next.what], one)
    yield from _rest(_("Trades"), found.more, "/trades")


def _trade(label: object, one: trades.Awaited) -> Task:
    return Task(str(label), one.trade.title, f"/trades/{one.trade.number}", one.next.by, one.since)


def _invoices(session: Session, actor: Actor) -> Found:
    found = invoices.waiting(session, actor)
    for invoice, since in found.items:
        if invoice.seller_id != actor.organisation_id:
            label = _("An invoice is overdue")
        else:
            red = invoice.state is InvoiceState.RED_OWED
            label = _("Issue a red-letter invoice") if red else _("Issue an invoice")
        yield Task(label, invoice.title, f"/invoices/{invoice.id}", due_at=invoice.due_at, since=since)
    yield from _rest(_("Invoices to issue"), found.more, "/invoices")


def _payments(session: Session, actor: Actor) -> Found:
    if not actor.has(Role.OPERATOR):
        return
    label, found = _("Look at a payment in doubt"), payments.doubtful(session, actor)
    for row, since in found.items:
        yield Task(label, row.title, f"/payments/{row.id}", since=since)
    yield from _rest(label, found.more, "/payments")
