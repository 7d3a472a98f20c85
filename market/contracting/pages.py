"""Pages of contracts."""

from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import config, forms
from market.contracting import files, reading, schemas, service, showing
from market.db import read, transaction
from market.i18n import gettext as _
from market.keys import certificates
from market.participants import service as participants
from market.participants.web import current_actor, idempotency_key

pages = Blueprint("contracting", __name__)


@pages.get("/contracts")
def list_contracts() -> ResponseReturnValue:
    """List the contracts the reader may see."""
    actor = current_actor()
    with read() as session:
        page = reading.listed(session, actor, request.args.get("cursor"))
        states = reading.states(session, page.items)
        names = participants.names(
            session, {row.provider_id for row in page.items} | {row.buyer_id for row in page.items}
        )
        return render_template("pages/contracting/contracts.html", page=page, states=states, names=names)


@pages.post("/contracts")
def request_contract() -> ResponseReturnValue:
    """Ask for a contract over a listing."""
    actor = current_actor()
    data = forms.load(schemas.RequestIn())
    made = service.request(actor, data["listing"], idempotency_key())
    flash(_("The contract is drawn up. The provider signs first."), "done")
    return redirect(url_for("contracting.show", number=made.number), 303)


@pages.get("/contracts/<string:number>")
def show(number: str) -> ResponseReturnValue:
    """Show a contract: its pages, where it stands and what may be done."""
    return _page(number)


@pages.get("/contracts/<string:number>/document.pdf")
def document(number: str) -> Response:
    """Send the document as a download."""
    return files.document(current_actor(), number)


@pages.get("/contracts/<string:number>/contract.json")
def terms(number: str) -> Response:
    """Send the terms as a download."""
    return files.terms(current_actor(), number)


@pages.get("/contracts/<string:number>/pages/<int:place>.svg")
def page(number: str, place: int) -> Response:
    """Send one page as a picture."""
    return files.page(current_actor(), number, place)


@pages.get("/contracts/<string:number>/signed.pdf")
def signed(number: str) -> Response:
    """Send the file with every signature there is in it, as a download."""
    return files.signed(current_actor(), number)


@pages.post("/contracts/<string:number>/signature/preparation")
def prepare(number: str) -> ResponseReturnValue:
    """Answer the page's own script with the bytes that a key of this browser signs."""
    data = forms.load(schemas.PreparationIn())
    begun = service.prepare(current_actor(), number, data["document_digest"], data["key"])
    return jsonify(schemas.PreparationOut().dump(schemas.begun(begun)))


@pages.post("/contracts/<string:number>/signature")
def sign(number: str) -> ResponseReturnValue:
    """Sign the document that was shown."""
    data = forms.load(schemas.SignatureIn())
    service.signed(current_actor(), number, data)
    if "preparation" in data:
        flash(_("Signed, with a key of your own."), "done")
    else:
        flash(_("Signed, with the key that the exchange holds for your organisation."), "done")
    return redirect(url_for("contracting.show", number=number), 303)


@pages.post("/contracts/<string:number>/refusal")
def decline(number: str) -> ResponseReturnValue:
    """Decline a request."""
    actor = current_actor()
    try:
        data = forms.load(schemas.RefusalIn())
    except ValidationError as error:
        return _page(number, forms.faults(error)), 422
    with transaction() as session:
        service.decline(session, actor, number, data["reason"])
    flash(_("The request is declined."), "done")
    return redirect(url_for("contracting.show", number=number), 303)


@pages.post("/contracts/<string:number>/withdrawal")
def withdraw(number: str) -> ResponseReturnValue:
    """Take a request back."""
    actor = current_actor()
    with transaction() as session:
        service.withdraw(session, actor, number)
    flash(_("The request is withdrawn."), "done")
    return redirect(url_for("contracting.show", number=number), 303)


def _page(number: str, faults: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    with read() as session:
        one = reading.detail(session, actor, number)
        names = participants.names(session, {one.agreed.request.provider_id, one.agreed.request.buyer_id})
        story = showing.story(session, one.agreed, names)
        own_keys = certificates.usable(session, actor)
    return render_template(
        "pages/contracting/contract.html",
        own_keys=[(row.fingerprint, row.device or row.fingerprint[:10]) for row in own_keys],
        exchange_signs=config.current().holds_party_keys,
        one=one,
        request_row=one.agreed.request,
        contract=one.agreed.contract,
        terms=one.agreed.terms,
        names=names,
        head=showing.head(one.agreed, actor, names),
        story=story,
        wording=showing.wording(one.agreed),
        faults=faults or {},
        values=request.form,
    )
