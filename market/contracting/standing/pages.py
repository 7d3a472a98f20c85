"""Pages of standing offers."""

from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from contracts import document as documents
from contracts import library
from market import config, forms
from market.contracting import schemas as contract_schemas
from market.contracting import signing
from market.contracting.standing import accepting, drafting, ending, files, opening, reading, schemas
from market.db import read, transaction
from market.errors import Invalid, NotFound
from market.fields import Number
from market.i18n import gettext as _
from market.keys import certificates
from market.participants import passkeys
from market.participants import service as participants
from market.participants.web import current_actor, idempotency_key, optional_actor

pages = Blueprint("offers", __name__)


@pages.get("/offers")
def list_offers() -> ResponseReturnValue:
    """List the standing offers of the reader's organisation."""
    actor = current_actor()
    with read() as session:
        page = reading.own(session, actor, request.args.get("cursor"))
        drafts = reading.drafts(session, actor)
    return render_template(
        "pages/offers/offers.html",
        page=page,
        rows=[*map(schemas.item, drafts), *map(schemas.item, page.items)],
    )


@pages.get("/offers/new")
def new() -> ResponseReturnValue:
    """Show the form of a standing offer over a listing of one's own."""
    return _form(request.args.get("listing", ""))


@pages.post("/offers")
def draft() -> ResponseReturnValue:
    """Draw up a standing offer."""
    actor = current_actor()
    try:
        row = drafting.draft(actor, **forms.load(schemas.StandingForm()))
    except (ValidationError, Invalid) as error:
        return _form(request.form.get("listing", ""), error), 422
    flash(_("The offer is drawn up. It binds nobody before you sign it."), "done")
    return redirect(url_for("offers.show", number=row.number), 303)


@pages.get("/offers/<string:number>")
def show(number: str) -> ResponseReturnValue:
    """Show a standing offer; the public sees how long it is open and from which model text it is."""
    actor = optional_actor()
    public = actor.user_id is None
    with read() as session:
        one = reading.detail(session, actor, number)
        names = participants.names(session, {one.row.provider_id})
        signs = "sign" in one.acts
        own_keys = certificates.usable(session, actor) if signs else []
        has_passkey = signs and passkeys.has(session, actor.user_id)
    return render_template(
        "pages/offers/offer.html",
        one=one,
        row=one.row,
        public=public,
        item=schemas.item(one.row),
        provider=names[one.row.provider_id],
        own_keys=[(row.fingerprint, row.device or row.fingerprint[:10]) for row in own_keys],
        has_passkey=has_passkey,
        exchange_signs=config.current().holds_party_keys,
        wording=None if public else documents.compose(library.load(one.row.model), one.terms).content,
    )


@pages.get("/offers/<string:number>/document.pdf")
def document(number: str) -> Response:
    """Send the document as a download."""
    return files.document(current_actor(), number)


@pages.get("/offers/<string:number>/contract.json")
def terms(number: str) -> Response:
    """Send the terms as a download."""
    return files.terms(current_actor(), number)


@pages.get("/offers/<string:number>/pages/<int:place>.svg")
def page(number: str, place: int) -> Response:
    """Send one page as a picture."""
    return files.page(current_actor(), number, place)


@pages.get("/offers/<string:number>/signed.pdf")
def signed(number: str) -> Response:
    """Send the signed file as a download."""
    return files.signed(current_actor(), number)


@pages.post("/offers/<string:number>/signature/preparation")
def prepare(number: str) -> ResponseReturnValue:
    """Answer the page's own script with the bytes that a key of this browser signs."""
    data = forms.load(contract_schemas.PreparationIn())
    begun = signing.prepare(current_actor(), number, data["document_digest"], data["key"], find=opening.paper)
    return jsonify(contract_schemas.PreparationOut().dump(contract_schemas.begun(begun)))


@pages.post("/offers/<string:number>/signature")
def sign(number: str) -> ResponseReturnValue:
    """Sign the document that was shown."""
    data = forms.load(contract_schemas.SignatureIn())
    signing.signed(current_actor(), number, data, find=opening.paper)
    flash(_("Signed. The offer is open, and its listing says so."), "done")
    return redirect(url_for("offers.show", number=number), 303)


@pages.post("/offers/<string:number>/withdrawal")
def withdraw(number: str) -> ResponseReturnValue:
    """Take an offer back."""
    actor = current_actor()
    with transaction() as session:
        ending.withdraw(session, actor, number)
    flash(_("Withdrawn. Contracts that were signed before are not touched."), "done")
    return redirect(url_for("offers.show", number=number), 303)


@pages.post("/offers/<string:number>/acceptances")
def accept(number: str) -> ResponseReturnValue:
    """Accept an offer."""
    made = accepting.accept(current_actor(), number, idempotency_key())
    flash(_("Your contract is drawn up, with the signed offer attached. It binds when you sign it."), "done")
    return redirect(url_for("contracting.show", number=made.number), 303)


def _form(listing: str, error: Exception | None = None) -> str:
    actor = current_actor()
    try:
        number = Number().deserialize(listing)
    except ValidationError:
        raise NotFound("listing.not_found", _("There is no such listing.")) from None
    with read() as session:
        facts = drafting.facts_of(session, actor, number)
    values: dict[str, Any] = {"days": 30, "most": 100, **forms.sent()}
    return render_template(
        "pages/offers/new.html",
        facts_=facts,
        values=values,
        faults=forms.faults(error) if error else {},
        message=error.message if isinstance(error, Invalid) else None,
    )
