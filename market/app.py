"""The one place where the parts of the exchange meet.

Rooms know only what lies below them; here their pages and routes are registered and the names of jobs
are tied to what does them, which is the only way up.
"""

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from flask import Flask, current_app, g, request
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.exceptions import MethodNotAllowed, NotFound

import market.approvals.api
import market.approvals.pages
import market.catalog.api
import market.catalog.pages
import market.contracting.api
import market.contracting.asking
import market.contracting.letters
import market.contracting.pages
import market.contracting.service
import market.contracting.stamping
import market.contracting.standing.api
import market.contracting.standing.ending
import market.contracting.standing.pages
import market.contracting.waiver_pages
import market.delivery.api
import market.delivery.pages
import market.governance.api
import market.governance.erasing
import market.governance.pages
import market.guide.pages
import market.home.api
import market.home.pages
import market.invoicing.api
import market.invoicing.letters
import market.invoicing.pages
import market.invoicing.service
import market.keys.api
import market.keys.pages
import market.keys.service
import market.oversight.api
import market.oversight.checks
import market.oversight.pages
import market.participants.account
import market.participants.accreditation_pages
import market.participants.api
import market.participants.colleagues
import market.participants.enrolling
import market.participants.pages
import market.participants.resetting
import market.payments.accounts
import market.payments.api
import market.payments.bank.api
import market.payments.bank.pages
import market.payments.chargebacks.answering
import market.payments.chargebacks.watching
import market.payments.inbox
import market.payments.looking
import market.payments.pages
import market.payments.performing
import market.payments.polling
import market.payments.reconciliation.api
import market.payments.reconciliation.daily
import market.payments.reconciliation.pages
import market.payments.reconciliation.service
import market.payments.service
import market.registry.api
import market.registry.attestations.api
import market.registry.attestations.pages
import market.registry.cleaning
import market.registry.cleaning_api
import market.registry.cleaning_pages
import market.registry.declaration_pages
import market.registry.finding_pages
import market.registry.pages
import market.registry.service
import market.registry.update_api
import market.registry.update_pages
import market.texts.api
import market.texts.pages
import market.trades.amending_pages
import market.trades.api
import market.trades.charging_back
import market.trades.deadlines
import market.trades.ending
import market.trades.ending_pages
import market.trades.exits
import market.trades.following
import market.trades.opening
import market.trades.pages
import market.trades.redressing
import market.trades.suspension
import market.trades.transferring_api
import market.trades.transferring_pages
import market.trades.updating
import market.witnessing.api
from market import clock, config, db, edge, i18n, jobs, openapi, problems, statics, words
from market.participants import web

TEMPLATES: Final = Path(__file__).resolve().parent.parent / "templates"


def _verified(organisation_id: str) -> None:
    """Job: give a verified organisation its signing key and, if it sells, its payment account."""
    market.keys.service.on_verified(organisation_id)
    market.payments.service.on_verified(organisation_id)


def _refunded(number: str, operation_id: str) -> None:
    """Job: let a trade follow a refund, and then what was invoiced for it."""
    market.trades.following.on_refund_made(number, operation_id)
    market.invoicing.service.on_refunded(number)


def _charged_back(number: str, chargeback_id: str) -> None:
    """Job: let a trade follow the end of a chargeback, and then what was invoiced for it."""
    market.trades.charging_back.on_over(number, chargeback_id)
    market.invoicing.service.on_refunded(number)


HANDLERS: Final[Mapping[str, jobs.Handler]] = {
    "ledger.fsck": market.oversight.checks.on_fsck,
    "exchange.founded": market.keys.service.on_founded,
    "organisation.verified": _verified,
    "password.forgotten": market.participants.resetting.on_forgotten,
    "password.changed": market.participants.resetting.on_changed,
    "second_factor.changed": market.participants.enrolling.on_changed,
    "revision.uploaded": market.registry.service.on_uploaded,
    "cleaning.asked": market.registry.cleaning.on_asked,
    "asset.approved": market.registry.service.on_approved,
    "asset.notice_ended": market.registry.service.on_notice_ended,
    "person.erased": market.governance.erasing.on_erased,
    "asset.cancelled": market.trades.suspension.on_asset_cancelled,
    "approval.asked": market.contracting.asking.on_asked,
    "offer.deadline": market.contracting.standing.ending.on_deadline,
    "offer.stamp": market.contracting.stamping.on_unstamped_offer,
    "contract.deadline": market.contracting.service.on_deadline,
    "listing.sold": market.contracting.service.on_sold,
    "contract.ended": market.contracting.letters.on_ended,
    "contract.reminder": market.contracting.letters.on_reminder,
    "contract.stamp": market.contracting.stamping.on_unstamped,
    "contract.turn": market.contracting.letters.on_turn,
    "contract.verified": market.trades.opening.on_verified,
    "update.approved": market.trades.updating.on_approved,
    "trade.update": market.trades.updating.on_update,
    "trade.updated": market.trades.updating.on_updated,
    "account.open": market.payments.accounts.on_open,
    "account.look": market.payments.accounts.on_look,
    "payment.perform": market.payments.performing.on_perform,
    "payment.look": market.payments.looking.on_look,
    "payment.close": market.payments.performing.on_close,
    "payment.retry": market.payments.performing.on_retry,
    "chargeback.look": market.payments.chargebacks.watching.on_look,
    "chargeback.answer": market.payments.chargebacks.answering.on_answer,
    "chargeback.opened": market.trades.charging_back.on_opened,
    "chargeback.over": _charged_back,
    "payment.settled": market.trades.following.on_payment_settled,
    "webhook.received": market.payments.inbox.on_received,
    "events.poll": market.payments.polling.on_poll,
    "reconciliation.daily": market.payments.reconciliation.daily.on_daily,
    "reconciliation.make": market.payments.reconciliation.service.on_make,
    "delivery.covered": market.trades.following.on_covered,
    "trade.settle": market.trades.following.on_settle,
    "transfer.made": market.trades.following.on_transfer_made,
    "refund.made": _refunded,
    "invoice.asked": market.invoicing.letters.on_asked,
    "invoice.answered": market.invoicing.letters.on_answered,
    "reversal.over": market.trades.redressing.on_reversal_over,
    "trade.redress": market.trades.redressing.on_redress,
    "settlement.deadline": market.trades.deadlines.on_payment_deadline,
    "delivery.deadline": market.trades.deadlines.on_delivery_deadline,
    "acceptance.deadline": market.trades.deadlines.on_acceptance_deadline,
    "agreement.deadline": market.trades.deadlines.on_term_over,
    "notice.deadline": market.trades.ending.on_notice_over,
    "duty.deadline": market.trades.exits.on_duty_deadline,
}
"""What does each job."""

SLOW: Final = frozenset({
    "revision.uploaded", "cleaning.asked", "delivery.covered", "ledger.fsck",  # long for a large file or log
    "account.open", "account.look", "payment.perform", "payment.look", "payment.close", "payment.retry",
    "chargeback.look", "chargeback.answer", "webhook.received", "contract.stamp", "offer.stamp",  # another's answer
    "events.poll", "reconciliation.make",
    "contract.turn", "contract.reminder", "contract.ended", "trade.updated",
    "invoice.asked", "invoice.answered",
})  # fmt: skip
"""Jobs that may take minutes; a worker always keeps a hand free for the others."""

SEEDS: Final = (
    market.oversight.checks.seed,
    market.payments.polling.seed,
    market.payments.reconciliation.daily.seed,
)
"""What a worker calls when it begins, so that work which queues itself again is queued a first time."""

ACTS: Final[Mapping[str, Any]] = {"organisation.decide": market.trades.suspension.decide_organisation}
"""Acts whose routes stand in a lower room but that reach further: suspending closes grants in the same step."""

API: Final = (
    market.participants.api,
    market.approvals.api,
    market.keys.api,
    market.registry.api,
    market.registry.update_api,
    market.registry.cleaning_api,
    market.registry.attestations.api,
    market.texts.api,
    market.catalog.api,
    market.contracting.api,
    market.contracting.standing.api,
    market.payments.api,
    market.payments.bank.api,
    market.payments.reconciliation.api,
    market.delivery.api,
    market.trades.api,
    market.trades.transferring_api,
    market.invoicing.api,
    market.governance.api,
    market.oversight.api,
    market.home.api,
)
"""What programs see; these carry a bearer token or a signature, never a cookie."""

PAGES: Final = (
    market.participants.pages,
    market.participants.account,
    market.participants.accreditation_pages,
    market.participants.second,
    market.participants.colleagues,
    market.approvals.pages,
    market.keys.pages,
    market.registry.pages,
    market.registry.declaration_pages,
    market.registry.finding_pages,
    market.registry.update_pages,
    market.registry.cleaning_pages,
    market.registry.attestations.pages,
    market.texts.pages,
    market.catalog.pages,
    market.contracting.pages,
    market.contracting.standing.pages,
    market.contracting.waiver_pages,
    market.payments.pages,
    market.payments.bank.pages,
    market.payments.reconciliation.pages,
    market.delivery.pages,
    market.trades.pages,
    market.trades.transferring_pages,
    market.trades.ending_pages,
    market.trades.amending_pages,
    market.invoicing.pages,
    market.governance.pages,
    market.oversight.pages,
    market.home.pages,
    market.guide.pages,
)
"""What people see."""


def create_app(settings: config.Settings, clock: clock.Clock = clock.utcnow) -> Flask:
    """Put the exchange together.

    Args:
        settings: everything it is told from outside.
        clock: what time it is; tests pass their own.

    Raises:
        SettingsError: the secret key is missing, or test money meets a public address.
    """
    settings.demand("secret_key")
    here = Path(__file__).parent
    app = Flask("market", template_folder=str(TEMPLATES), root_path=str(here), static_folder=None)
    https = settings.base_url.startswith("https:")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-qilu_form" if https else "qilu_form",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions.update(settings=settings, clock=clock, handlers=dict(HANDLERS), acts=dict(ACTS))
    app.extensions.update(slow=SLOW, seeds=SEEDS)
    db.open_database(app, settings.database_url)
    i18n.init_app(app, settings.locale)
    edge.init_app(app, settings)
    problems.init_app(app)
    statics.init_app(app)
    web.init_app(app)
    _templates(app, settings)
    _routes(app, settings)
    return app


def same_page(**changes: str | None) -> str:
    r"""Return the address of the present page with some query arguments changed, or taken out by None.

    Everything that came from the visitor is quoted: a browser reads ``/\other.example`` as another host.
    """
    arguments = {**request.args.to_dict(), **changes}
    pairs = [f"{quote(name)}={quote(value)}" for name, value in arguments.items() if value is not None]
    return quote(_page()) + ("?" + "&".join(pairs) if pairs else "")


def _page() -> str:
    """Return the path of the present page; where it only takes forms, of the nearest page above it.

    A page that answers a form stands at the form's address, which nobody can look at. Where nothing is at all,
    the page that says so is the present one.
    """
    path = request.path
    if isinstance(request.routing_exception, NotFound):
        return path
    while path != "/" and not _is_page(path):
        path = path.rpartition("/")[0] or "/"
    return path


def _is_page(path: str) -> bool:
    routes = current_app.create_url_adapter(request)
    try:
        return routes is not None and bool(routes.match(path, method="GET"))
    except (MethodNotAllowed, NotFound):
        return False


def _templates(app: Flask, settings: config.Settings) -> None:
    """Give the templates what ``base.html`` and the macros need."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        new_key=lambda: uuid.uuid4().hex,
        request_id=lambda: g.get("request_id", ""),
        same_page=same_page,
        field_label=words.field_label,
        kind_label=words.kind_label,
        read_only=db.read_only,
        state_label=words.state_label,
        tone_of=words.tone_of,
        test_money=settings.test_money,
    )


def _routes(app: Flask, settings: config.Settings) -> None:
    csrf = CSRFProtect(app)
    api = openapi.describe(app, settings.base_url)
    for room in API:
        csrf.exempt(room.blueprint)
        api.register_blueprint(room.blueprint)
    csrf.exempt(market.witnessing.api.blueprint)
    app.register_blueprint(
        market.witnessing.api.blueprint
    )  # formats of others, so not in the API's description
    for room in PAGES:
        app.register_blueprint(room.pages)
