"""Pages of contracts."""

import uuid
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from contracts import library
from contracts.errors import ContractError
from contracts.negotiation import State
from market import config, forms, permissions
from market.catalog.warning import warnings
from market.contracting import (
    approval_schemas,
    approving,
    bargaining,
    comparing,
    files,
    filling,
    reading,
    refusing,
    schemas,
    service,
    showing,
    waiver_schemas,
)
from market.contracting.reading import Agreed
from market.contracting.standing import reading as offers
from market.db import read, transaction
from market.errors import Invalid, NotFound
from market.i18n import gettext as _
from market.keys import certificates
from market.participants import passkeys
from market.participants import service as participants
from market.participants.web import current_actor, idempotency_key
from market.texts import form

pages = Blueprint("contracting", __name__)


@pages.get("/contracts")
def list_contracts() -> ResponseReturnValue:
    """List the contracts the reader may see."""
    actor = current_actor()
    with read() as session:
        cursor, words, state = request.args.get("cursor"), request.args.get("q", "")[:200], _state()
        page = reading.listed(session, actor, cursor, words=words.strip(), state=state)
        states = reading.states(session, page.items)
        names = participants.names(
            session, {row.provider_id for row in page.items} | {row.buyer_id for row in page.items}
        )
        return render_template(
            "pages/contracting/contracts.html",
            page=page,
            states=states,
            names=names,
            words=words,
            state=state,
            every_state=list(State),
        )


def _state() -> State | None:
    """Return the state that the address asks for; a word that is none of ours counts as not asked."""
    wanted = request.args.get("state", "")
    return State(wanted) if wanted in {state.value for state in State} else None


@pages.post("/contracts")
def request_contract() -> ResponseReturnValue:
    """Ask for a contract over a listing."""
    actor = current_actor()
    data = forms.load(waiver_schemas.RequestIn())
    made = service.request(actor, data["listing"], idempotency_key(), waiver=waiver_schemas.wanted(data))
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
    flash(_("Declined. The other side is told why."), "done")
    return redirect(url_for("contracting.show", number=number), 303)


@pages.post("/contracts/<string:number>/withdrawal")
def withdraw(number: str) -> ResponseReturnValue:
    """Take a request back."""
    actor = current_actor()
    with transaction() as session:
        service.withdraw(session, actor, number)
    flash(_("Withdrawn."), "done")
    return redirect(url_for("contracting.show", number=number), 303)


@pages.post("/contracts/<string:number>/approval")
def approve(number: str) -> ResponseReturnValue:
    """Approve, as the second person, that a colleague signs the document that was shown."""
    actor = current_actor()
    data = forms.load(approval_schemas.ApprovalIn())
    with transaction() as session:
        approving.approve(session, actor, number, data["document_digest"])
    flash(_("Approved. A colleague may sign this document now."), "done")
    return redirect(url_for("contracting.show", number=number), 303)


@pages.post("/contracts/<string:number>/disapproval")
def disapprove(number: str) -> ResponseReturnValue:
    """Refuse to approve the document that was shown, or take an approval back."""
    actor = current_actor()
    try:
        data = forms.load(approval_schemas.DisapprovalForm())
    except ValidationError as error:
        return _page(number, deciding=forms.faults(error)), 422
    with transaction() as session:
        approving.disapprove(session, actor, number, **data)
    flash(_("The approval is refused. Your organisation cannot sign this document."), "done")
    return redirect(url_for("contracting.show", number=number), 303)


@pages.get("/contracts/<string:number>/versions/<int:seq>")
def version(number: str, seq: int) -> ResponseReturnValue:
    """Show a version of a contract and what it changed; old ones stay readable."""
    actor = current_actor()
    with read() as session:
        one = comparing.version(session, actor, number, seq)
        request_row = one.agreed.request
        names = participants.names(session, {request_row.provider_id, request_row.buyer_id})
    return render_template(
        "pages/contracting/version.html", one=one, request_row=request_row, version=one.version, names=names
    )


@pages.get("/contracts/<string:number>/versions/<int:seq>/document.pdf")
def version_document(number: str, seq: int) -> Response:
    """Send the document of a version as a download."""
    return files.document(current_actor(), number, seq)


@pages.get("/contracts/<string:number>/versions/<int:seq>/pages/<int:place>.svg")
def version_page(number: str, seq: int, place: int) -> Response:
    """Send one page of a version as a picture."""
    return files.page(current_actor(), number, place, seq)


@pages.get("/contracts/<string:number>/offer")
def draft_offer(number: str) -> ResponseReturnValue:
    """Show the form of a counter-offer, filled with the terms on the table."""
    one = _negotiated(number)
    if "offer" not in reading.acts(current_actor(), one):
        raise refusing.wrong_state(one.contract)
    return _offer_form(one, bargaining.changed(one, {}), one.contract.terms_digest)


@pages.post("/contracts/<string:number>/offer")
def make_offer(number: str) -> ResponseReturnValue:
    """Answer the terms on the table with others, or show the form again as the answers ask for it."""
    one = _negotiated(number)
    model = library.load(one.contract.model)
    fixed = filling.settled(bargaining.changed(one, {})) if one.request.amends_id else {}
    values = fixed | form.read(model, request.form, fixed)
    base = request.form.get("base", "")
    if form.MORE in request.form or form.REFRESH in request.form:
        return _offer_form(one, values, base, more=request.form.get(form.MORE, ""))
    data = {name: request.form.get(name, "") for name in ("base", "comment")}
    try:
        told = schemas.OfferIn().load({**data, "changes": {}})
        bargaining.offer(current_actor(), number, base, values, told["comment"], idempotency_key())
    except (Invalid, ValidationError) as error:
        return _offer_form(one, values, base, error), 422
    flash(_("Your offer is on the table. The other side answers next."), "done")
    return redirect(url_for("contracting.show", number=number), 303)


@pages.post("/contracts/<string:number>/acceptance")
def accept(number: str) -> ResponseReturnValue:
    """Accept the offer that was shown."""
    actor = current_actor()
    data = forms.load(schemas.AcceptanceIn())
    with transaction() as session:
        bargaining.accept(session, actor, number, data["terms_digest"])
    flash(_("The offer is accepted; its terms change no more. The provider signs next."), "done")
    return redirect(url_for("contracting.show", number=number), 303)


@pages.get("/contracts/<string:number>/clauses")
def choose_clause(number: str) -> ResponseReturnValue:
    """Lead to the clause that was chosen."""
    _negotiated(number)
    clause = request.args.get("clause", "")
    return redirect(url_for("contracting.show_clause", number=number, clause=clause), 303)


@pages.get("/contracts/<string:number>/clauses/<string:clause>")
def show_clause(number: str, clause: str) -> ResponseReturnValue:
    """Show one clause, to comment on it or to suggest how it should read."""
    return _clause_form(number, clause)


@pages.post("/contracts/<string:number>/clauses/<string:clause>")
def remark(number: str, clause: str) -> ResponseReturnValue:
    """Comment on a clause, or suggest how it should read."""
    if form.MORE in request.form or form.REFRESH in request.form:
        return _clause_form(number, clause, more=request.form.get(form.MORE, ""))
    changes = None if request.form.get("act") == "comment" else _suggested(number, clause)
    data = {"clause": clause, **{name: request.form.get(name, "") for name in ("on_digest", "comment")}}
    try:
        told = schemas.RemarkIn().load({**data, "changes": None})
        bargaining.say(current_actor(), number, **{**told, "changes": changes}, key=idempotency_key())
    except (Invalid, ValidationError) as error:
        return _clause_form(number, clause, error), 422
    flash(_("The other side sees what you wrote."), "done")
    return redirect(url_for("contracting.show", number=number), 303)


@pages.post("/contracts/<string:number>/remarks/<uuid:remark_id>/adoption")
def adopt(number: str, remark_id: uuid.UUID) -> ResponseReturnValue:
    """Take up the other side's suggestion."""
    bargaining.adopt(current_actor(), number, remark_id)
    flash(_("The suggestion is taken up; it is the version on the table."), "done")
    return redirect(url_for("contracting.show", number=number), 303)


def _negotiated(number: str) -> Agreed:
    actor = current_actor()
    with read() as session:
        one = reading.found(session, actor, number)
    permissions.require(actor, "contract.offer", reading.relation(actor, one.request))
    return one


def _offer_form(
    one: Agreed, values: dict[str, Any], base: str, error: Exception | None = None, more: str = ""
) -> str:
    model = library.load(one.contract.model)
    faults = forms.faults(error) if error else {}
    return render_template(
        "pages/contracting/offer.html",
        contract=one.contract,
        request_row=one.request,
        groups=form.fields(
            model, values, faults, more, filling.unasked(model) if one.request.amends_id else ()
        ),
        labels=form.labels(model),
        base=base,
        faults=faults,
        message=error.message if isinstance(error, Invalid) else None,
        values=request.form,
    )


def _suggested(number: str, clause: str) -> dict[str, Any]:
    one = _negotiated(number)
    model = library.load(one.contract.model)
    try:
        return filling.suggested(model, clause, bargaining.changed(one, {}), request.form)
    except ContractError as error:
        refusing.answer(error, one.contract)


def _clause_form(number: str, clause: str, error: Exception | None = None, more: str = "") -> str:
    one = _negotiated(number)
    contract, actor = one.contract, current_actor()
    model, faults = library.load(contract.model), forms.faults(error) if error else {}
    values = bargaining.changed(one, {})
    title = comparing.titles(model).get(clause)
    if title is None:
        raise NotFound("contract.no_clause", _("The contract has no such clause."))
    if request.method == "POST":
        values |= filling.suggested(model, clause, values, request.form)
    shown = {name: value for name, value in values.items() if value is not None}
    suggests = "offer" in reading.acts(actor, one)
    return render_template(
        "pages/contracting/clause.html",
        contract=contract,
        request_row=one.request,
        clause=clause,
        title=title,
        section=showing.clause(one, clause),
        groups=filling.of_clause(model, clause, shown, faults, more) if suggests else [],
        labels=form.labels(model),
        faults=faults,
        message=error.message if isinstance(error, Invalid) else None,
        values=request.form,
    )


def _page(number: str, faults: dict[str, Any] | None = None, deciding: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    with read() as session:
        one = reading.detail(session, actor, number)
        names = participants.names(session, {one.agreed.request.provider_id, one.agreed.request.buyer_id})
        story = showing.story(session, one.agreed, names)
        own_keys = certificates.usable(session, actor)
        has_passkey = passkeys.has(session, actor.user_id)
        approval = approving.told(session, actor, one)
        offer = offers.number_of(session, one.agreed.request.offer_id)
        trade_number = reading.first_number(session, one.agreed.request)
    return render_template(
        "pages/contracting/contract.html",
        own_keys=[(row.fingerprint, row.device or row.fingerprint[:10]) for row in own_keys],
        has_passkey=has_passkey,
        exchange_signs=config.current().holds_party_keys,
        offer=offer,
        one=one,
        trade_number=trade_number,
        amended=comparing.amended(one.agreed),
        request_row=one.agreed.request,
        contract=one.agreed.contract,
        terms=one.agreed.terms,
        names=names,
        head=showing.head(one.agreed, actor, names),
        story=story,
        wording=showing.wording(one.agreed),
        remarks=comparing.remarks(one.agreed),
        titles=showing.titles(one.agreed),
        approval=approval,
        waiver=one.waiver,
        warnings=warnings(one.agreed.terms),
        deciding=deciding or {},
        faults=faults or {},
        values=request.form,
    )
