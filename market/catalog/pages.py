"""Pages of listings: the public catalogue, one listing, and the provider's form."""

import uuid
from dataclasses import replace
from typing import Any, cast

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from contracts import blanks, instalments, library
from contracts.library import Model
from contracts.terms import Offered
from contracts.vocabulary import Action, Indicator, Purpose
from market import clock, forms, permissions
from market.actor import Actor, Role
from market.catalog import reading, schemas, sectors, service, showing, waivers
from market.catalog.models import Benefit, Listing
from market.catalog.reading import Filters, PriceFilter
from market.catalog.sectors import Sector
from market.catalog.states import ListingState
from market.catalog.terms import ASKED, ONCE, RULED, Proposal, offered
from market.catalog.warning import warnings
from market.catalog.wording import about, word
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, MarketError, NotFound
from market.i18n import _, in_language, lazy
from market.inspection import indicators
from market.inspection.report import TYPE_LABELS
from market.participants import service as participants
from market.participants.web import current_actor, idempotency_key, optional_actor, require_actor
from market.permissions import Relation
from market.registry import inspected, offering, sealed
from market.registry.inspected import Inspected
from market.rules import book
from market.texts import form

pages = Blueprint("catalog", __name__)

BENEFIT_LABELS = {
    Benefit.COMMERCIAL: lazy("commercial"),
    Benefit.PUBLIC: lazy("public benefit"),
}
WAYS = {
    ONCE: lazy("Once, or in the instalments under further terms"),
    "month": lazy("Each month"),
    "quarter": lazy("Each quarter"),
    "year": lazy("Each year"),
}
"""The reader's word for each way in which a price can be paid."""
PRICE_LABELS = {PriceFilter.FREE: lazy("free"), PriceFilter.PAID: lazy("for a price")}
_LISTS = ("purposes", "permitted", "prohibited")
_FIXED = {Action.REPRODUCE, Action.REIDENTIFY}
"""Always permitted and always ruled out; nobody has to choose them."""


@pages.get("/listings")
def listings() -> ResponseReturnValue:
    """Show the catalogue, searched and filtered by what stands in the address."""
    actor, chosen = optional_actor(), _filters()
    mine = "mine" in request.args and actor.has(Role.PROVIDER)
    cursor = request.args.get("cursor")
    with read() as session:
        page = reading.own(session, actor, cursor) if mine else reading.page_of(session, chosen, cursor)
        cards = showing.cards(session, page.items)
    return render_template(
        "pages/catalog/listings.html",
        cards=cards,
        next=page.next,
        chosen=chosen,
        chips=_chips(chosen),
        mine=mine,
        provider=actor.has(Role.PROVIDER),
        sectors=[(sector.value, sectors.name(sector)) for sector in Sector],
        benefits=[(benefit.value, label) for benefit, label in BENEFIT_LABELS.items()],
        prices=[(price.value, label) for price, label in PRICE_LABELS.items()],
    )


@pages.get("/listings/new")
@require_actor
def new() -> ResponseReturnValue:
    """Show the form for a listing of one asset."""
    try:
        asset_id = uuid.UUID(request.args.get("asset", ""))
    except ValueError:
        return redirect("/assets?state=REGISTERED", 303)
    return _form(asset_id, {"purposes": [], "permitted": [], "prohibited": [], "benefit": ""})


@pages.post("/listings")
@require_actor
def draft() -> ResponseReturnValue:
    """Draft a listing."""
    actor = current_actor()
    asset_id = _asset_id(request.form.get("asset", ""))
    if form.REFRESH in request.form or form.MORE in request.form:
        return _form(asset_id, forms.sent(*_LISTS))
    try:
        data = forms.load(schemas.ListingForm(), *_LISTS, beside=form.PREFIX)
        proposal = _with_further(data["proposal"])
        with transaction() as session:
            number = service.draft(
                session, actor, asset_id=asset_id, proposal=proposal, key=idempotency_key()
            ).number
    except (ValidationError, Invalid, Conflict, Forbidden) as error:
        message = error.message if isinstance(error, MarketError) else None
        return _form(asset_id, forms.sent(*_LISTS), forms.faults(error), message), 422
    flash(_("The listing is drafted. Publish it when it reads as it should."), "done")
    return redirect(url_for("catalog.listing", number=number), 303)


def _with_further(proposal: Proposal) -> Proposal:
    """Return a proposal with what was filled in under further terms.

    Raises:
        ValidationError: one of them cannot be accepted.
    """
    if proposal.model not in offered():
        return proposal
    model = library.load(proposal.model)
    further = form.read(model, request.form, known=_known(proposal))
    proposal = replace(proposal, further={**proposal.further, **further})
    faults = {
        name: said
        for name, said in form.faults(model, proposal.values()).items()
        if name.removeprefix(form.PREFIX) not in ASKED
    }
    if faults:
        raise ValidationError(cast("dict[str, Any]", faults))
    return proposal


def _known(proposal: Proposal) -> dict[str, Any]:
    return {name: value for name, value in proposal.values().items() if name in ASKED}


@pages.get("/listings/<string:number>")
def listing(number: str) -> ResponseReturnValue:
    """Show one listing."""
    return _listing(number)


@pages.get("/listings/<string:number>/inspection")
def inspection(number: str) -> ResponseReturnValue:
    """Show what the exchange measured in the listed file."""
    row, found = _inspected(number)
    address = url_for("catalog.listing", number=row.number)
    return render_template(
        "pages/registry/inspection.html",
        found=found,
        title=row.title,
        path=[(url_for("catalog.listings"), _("Listings")), (address, row.title)],
        sealed=url_for("catalog.sealed_inspection", number=row.number),
        linked=url_for("catalog.linked", number=row.number),
        program=url_for("catalog_api.inspection", number=row.number),
        **inspected.words(),
    )


@pages.get("/listings/<string:number>/inspection.jsonld")
def linked(number: str) -> Response:
    """Return the same in the Data Quality Vocabulary."""
    row, found = _inspected(number)
    address = url_for("catalog.inspection", number=row.number, _external=True)
    answer = Response(found.linked(address), mimetype="application/ld+json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{row.number}-inspection.jsonld"'
    return answer


@pages.get("/listings/<string:number>/inspection.pdf")
def sealed_inspection(number: str) -> Response:
    """Return the report as a PDF that the exchange sealed."""
    actor = optional_actor()
    with read() as session:
        row = reading.found(session, actor, number)
        found = sealed.sealable(session, row.revision_id)
    return sealed.download(found, f"{row.number}-inspection")


@pages.post("/listings/<string:number>/publication")
@require_actor
def publish(number: str) -> ResponseReturnValue:
    """Show a drafted listing to everybody."""
    actor = current_actor()
    try:
        with transaction() as session:
            service.publish(session, actor, number)
    except Invalid as error:
        return _listing(number, error), 422
    flash(_("The listing stands in the catalogue."), "done")
    return redirect(url_for("catalog.listing", number=number), 303)


@pages.post("/listings/<string:number>/revision")
@require_actor
def move(number: str) -> ResponseReturnValue:
    """Offer the asset's newest approved file."""
    actor = current_actor()
    try:
        with transaction() as session:
            service.move(session, actor, number)
    except Invalid as error:
        return _listing(number, error), 422
    flash(_("The listing offers the newest file."), "done")
    return redirect(url_for("catalog.listing", number=number), 303)


@pages.post("/listings/<string:number>/withdrawal")
@require_actor
def withdraw(number: str) -> ResponseReturnValue:
    """Take a listing back."""
    actor = current_actor()
    with transaction() as session:
        service.withdraw(session, actor, number)
    flash(_("The listing is withdrawn."), "done")
    return redirect(url_for("catalog.listing", number=number), 303)


@pages.post("/listings/<string:number>/<any(suspension, restoration):act>")
@require_actor
def decide(number: str, act: str) -> ResponseReturnValue:
    """Suspend or restore a listing, with a reason; the operator's act."""
    actor = current_actor()
    try:
        reason = forms.load(schemas.ReasonIn())["reason"]
    except ValidationError as error:
        return _listing(number, error), 422
    with transaction() as session:
        (service.suspend if act == "suspension" else service.restore)(session, actor, number, reason)
    flash(_("The decision is recorded."), "done")
    return redirect(url_for("catalog.listing", number=number), 303)


def _inspected(number: str) -> tuple[Listing, Inspected]:
    actor = optional_actor()
    with read() as session:
        row = reading.found(session, actor, number)
        return row, inspected.inspected(session, row.revision_id)


def _asset_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFound("asset.not_found", _("There is no such asset.")) from error


def _filters() -> Filters:
    """Return what the address asks for; words that are none of ours count as not asked."""

    def chosen(kind: Any, name: str) -> Any:
        wanted = request.args.get(name, "")
        return kind(wanted) if wanted in {member.value for member in kind} else None

    return Filters(
        query=request.args.get("q", "")[:200],
        sector=chosen(Sector, "sector"),
        benefit=chosen(Benefit, "benefit"),
        price=chosen(PriceFilter, "price"),
    )


def _chips(chosen: Filters) -> list[tuple[str, str]]:
    """Return the filters in use: the argument of the address, and its word on the page."""
    found = {
        "q": chosen.query,
        "sector": sectors.name(chosen.sector) if chosen.sector else "",
        "benefit": str(BENEFIT_LABELS[chosen.benefit]) if chosen.benefit else "",
        "price": str(PRICE_LABELS[chosen.price]) if chosen.price else "",
    }
    return [(name, word) for name, word in found.items() if word]


def _model_title(model: str) -> str:
    title = library.load(model).title
    return in_language({"zh": title.zh, "en": title.en})


def _form(
    asset_id: uuid.UUID,
    values: dict[str, Any],
    faults: dict[str, Any] | None = None,
    message: str | None = None,
) -> str:
    actor = current_actor()
    model = library.load(values.get("model") if values.get("model") in offered() else offered()[0])
    with read() as session:
        asset = offering.registered(session, actor, asset_id)
    relation = Relation.OWN if asset.provider_id == actor.organisation_id else Relation.OTHER
    permissions.require(actor, "listing.draft", relation)
    return render_template(
        "pages/catalog/new.html",
        asset=asset,
        values={"title": asset.title, "asset": asset_id, "term_days": 365, **values},
        faults=faults or {},
        labels=form.labels(model),
        groups=_further(model, values, faults),
        message=message,
        measured={one.value: indicators.shown(indicators.measure(asset.report, one)) for one in Indicator},
        sectors=[("", _("choose"))] + [(sector.value, sectors.name(sector)) for sector in Sector],
        benefits=[(benefit.value, label) for benefit, label in BENEFIT_LABELS.items()],
        models=[(model, _model_title(model)) for model in offered()],
        ways=list(WAYS.items()),
        purposes=[(one.value, word("purpose", one.value)) for one in Purpose],
        actions=[(one.value, word("action", one.value)) for one in Action if one not in _FIXED],
    )


def _further(model: Model, values: dict[str, Any], faults: dict[str, Any] | None) -> list[form.Group]:
    """Return the fields of the further terms, as they were sent, else as the text and the rule book begin."""
    paid = str(values.get("price", "")).strip() not in {"", "0"}
    by_period = values.get("paid", ONCE) != ONCE
    known = {
        "price.model": "free" if not paid else "subscription" if by_period else "fixed",
        "use.purposes": [],
        "use.permitted": values["permitted"],
    }
    usual = {name: book().value(rule) for name, rule in RULED.items() if name in model.blanks}
    sent = form.read(model, request.form, known) if request.method == "POST" else {}
    begun = blanks.defaults(model, {**usual, **known, **sent})
    more = request.form.get(form.MORE, "")
    return form.fields(model, begun, faults, more, without=ASKED)


def _listing(number: str, error: Exception | None = None) -> str:
    actor = optional_actor()
    with read() as session:
        row = reading.found(session, actor, number)
        facts = reading.shown(session, row)
        names = participants.names(session, {row.provider_id})
        offer = reading.offers_of(session, [row]).get(row.id)
        sold = bool(reading.sold(session, [row]))
        older = not offering.is_newest(session, row.asset_id, row.revision_id)
        waived = waivers.for_reader(session, actor, facts)
    may = _may(actor, row, sold=sold)
    return render_template(
        "pages/catalog/listing.html",
        row=row,
        offer=offer,
        sold=sold,
        facts_=facts,
        provider=names.get(row.provider_id, {}),
        promises=showing.promises(facts),
        filled=showing.filled(facts.report),
        sign_days=book().value("request.days"),
        pay_days=facts.values.get("payment.days"),
        payments=len(instalments.plan(Offered(row.terms), clock.now())),
        accept_days=facts.values["acceptance.days"],
        sector=sectors.name(row.sector),
        benefit=BENEFIT_LABELS[row.benefit],
        model_title=_model_title(row.model),
        word=word,
        about=about,
        types=TYPE_LABELS,
        may=may | {"move": may["move"] and older and not offer},
        older=older,
        terms=Offered(row.terms),
        waived=waived,
        warnings=warnings(Offered(row.terms)),
        values=forms.sent(),
        faults=forms.faults(error) if error else {},
        message=error.message if isinstance(error, MarketError) else None,
    )


def _may(actor: Actor, row: Listing, *, sold: bool) -> dict[str, bool]:
    """Return which acts the page offers; the service decides again."""
    relation = reading.relation(actor, row)
    states = {
        "publish": {ListingState.DRAFT},
        "withdraw": {ListingState.DRAFT, ListingState.LISTED, ListingState.SUSPENDED},
        "suspend": {ListingState.LISTED},
        "restore": {ListingState.SUSPENDED},
    }
    may = {
        act: row.state in when and permissions.allowed(actor, f"listing.{act}", relation)
        for act, when in states.items()
    }
    listed = row.state is ListingState.LISTED
    movable = row.state in {ListingState.DRAFT, ListingState.LISTED}
    may["move"] = movable and permissions.allowed(actor, "listing.publish", relation)
    free = listed and not sold
    may["request"] = free and permissions.allowed(actor, "contract.request", relation)
    may["offer"] = free and permissions.allowed(actor, "offer.open", relation)
    may["sign_in"] = free and actor.user_id is None
    return may
