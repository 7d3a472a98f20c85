"""Pages of joining, signing in, one's account, and the operator's queue."""

import uuid
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import clock, forms, permissions
from market.actor import Role, Scope
from market.db import read, transaction
from market.errors import MarketError, TooMany, Unauthenticated
from market.i18n import gettext as _
from market.participants import access, credentials, labels, schemas, second, service, web
from market.participants.states import TRANSITIONS, OrganisationState

pages = Blueprint("participants", __name__)


@pages.get("/join")
def join() -> ResponseReturnValue:
    """Show the application form."""
    return _join_form({"roles": []})


@pages.post("/join")
def send_application() -> ResponseReturnValue:
    """Let an organisation apply and sign its first person in.

    Whoever sends an application again has not shown that it is theirs: only its password does.
    """
    try:
        data = forms.load(schemas.ApplyIn(), "roles")
        application, password = web.checked_application(data, "page")
        with transaction() as session:
            organisation, step = service.apply(
                session, application, password, via="page", key=web.idempotency_key()
            )
            if step is None:
                flash(
                    _("This application was received before. Sign in with the password given then."), "done"
                )
                return redirect(url_for("participants.sign_in"), 303)
            user_id, email = organisation.contact_id, data["email"]
            secret = access.begin_session(session, user_id, email, request.user_agent.string)
    except (ValidationError, MarketError) as error:
        return _join_form({**request.form.to_dict(), "roles": request.form.getlist("roles")}, error)
    response = redirect(url_for("participants.me"), 303)
    web.sign_in(response, secret)
    flash(_("Your application is with the operator. You will see the decision here."), "done")
    return response


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form; whoever gave the password already goes on to the second factor."""
    half = web.half_person()
    if half is not None:
        return redirect(second.next_page(second.wanted(), half.lacks), 303)
    return render_template(
        "pages/participants/sign_in.html", values={"next": second.wanted()}, faults={}, message=None
    )


@pages.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Sign a person in by address and password; the session before it ends."""
    try:
        data = forms.load(schemas.SignInIn())
        user_id = credentials.checked_password(data["email"], data["password"])
    except (ValidationError, Unauthenticated, TooMany) as error:
        values = {"email": request.form.get("email", ""), "next": second.wanted()}
        return web.refused("pages/participants/sign_in.html", error, values=values)
    before = g.get("person") or web.half_person()
    with transaction() as session:
        if before is not None and before.session_id is not None:
            access.end_session(session, web.own_id(before), before.session_id)
        secret = access.begin_session(session, user_id, data["email"], request.user_agent.string)
        lacks = access.lack_of(session, user_id)
    response = redirect(second.next_page(second.wanted(), lacks), 303)
    web.sign_in(response, secret)
    return response


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End this session."""
    person = g.get("person") or web.half_person()
    if person is not None and person.session_id is not None:
        with transaction() as session:
            access.end_session(session, web.own_id(person), person.session_id)
    response = redirect("/", 303)
    web.sign_out(response)
    return response


@pages.get("/me")
@web.require_actor
def me() -> ResponseReturnValue:
    """Show the person, the organisation, sessions and tokens."""
    return _me()


@pages.post("/me/tokens")
@web.require_actor
def make_token() -> ResponseReturnValue:
    """Make an API token and show it once."""
    person = web.current_person()
    try:
        data = forms.load(schemas.OwnTokenIn(), "scopes")
    except ValidationError as error:
        return _me(values=forms.sent("scopes"), faults=forms.faults(error)), 422
    scopes, days = [Scope(scope) for scope in data["scopes"]], int(data["days"])
    with transaction() as session:
        _row, text = access.issue_token(
            session,
            web.own_id(person),
            data["label"],
            scopes,
            days,
            second_factor=person.second_at is not None,
        )
    return _me(fresh=text)


@pages.post("/me/tokens/<uuid:token_id>/revocation")
@web.require_actor
def revoke_token(token_id: uuid.UUID) -> ResponseReturnValue:
    """Take a token out of use."""
    with transaction() as session:
        access.revoke_token(session, web.current_person(), token_id)
    flash(_("The token is out of use."), "done")
    return redirect(url_for("participants.me"), 303)


@pages.post("/me/sessions/<uuid:session_id>/end")
@web.require_actor
def end_session(session_id: uuid.UUID) -> ResponseReturnValue:
    """End one of one's sessions."""
    with transaction() as session:
        access.end_session(session, web.own_id(web.current_person()), session_id)
    flash(_("The session is ended."), "done")
    return redirect(url_for("participants.me"), 303)


@pages.post("/me/sessions/end-others")
@web.require_actor
def end_other_sessions() -> ResponseReturnValue:
    """End all of one's sessions but this one."""
    person = web.current_person()
    with transaction() as session:
        access.end_sessions(session, web.own_id(person), keep=person.session_id)
    flash(_("All other sessions are ended."), "done")
    return redirect(url_for("participants.me"), 303)


@pages.get("/organisations")
@web.require_actor
def organisations() -> ResponseReturnValue:
    """Show the operator's queue of organisations."""
    wanted = request.args.get("state", "")
    state = OrganisationState(wanted) if wanted in OrganisationState.__members__ else None
    with read() as session:
        page = service.listed(session, web.current_actor(), state, request.args.get("cursor"))
    return render_template(
        "pages/participants/organisations.html", page=page, state=wanted, states=list(OrganisationState)
    )


@pages.get("/organisations/<uuid:organisation_id>")
@web.require_actor
def organisation(organisation_id: uuid.UUID) -> ResponseReturnValue:
    """Show one organisation to the operator's staff."""
    return _organisation(organisation_id)


@pages.post("/organisations/<uuid:organisation_id>/decision")
@web.require_actor
def decide(organisation_id: uuid.UUID) -> ResponseReturnValue:
    """Decide about an organisation, with a reason."""
    actor = web.current_actor()
    try:
        data = forms.load(schemas.DecisionIn())
    except ValidationError as error:
        values = {"reason": request.form.get("reason", ""), "decision": request.form.get("decision", "")}
        return _organisation(organisation_id, values, forms.faults(error)), 422
    with transaction() as session:
        web.decide(session, actor, organisation_id, data["decision"], data["reason"])
    flash(_("The decision is recorded."), "done")
    return redirect(url_for("participants.organisation", organisation_id=organisation_id), 303)


def _join_form(values: dict[str, Any], error: Exception | None = None) -> ResponseReturnValue:
    template = "pages/participants/join.html"
    options = [(role.value, labels.ROLE_DUTIES[role]) for role in (Role.PROVIDER, Role.BUYER)]
    if error is None:
        return render_template(template, values=values, faults={}, message=None, options=options)
    return web.refused(template, error, values=values, options=options)


def _me(
    fresh: str | None = None, values: dict[str, Any] | None = None, faults: dict[str, Any] | None = None
) -> str:
    person, now = web.current_person(), clock.now()
    idle = access.idle(person.actor)
    with read() as session:
        return render_template(
            "pages/participants/me.html",
            me=person,
            labels=labels.ROLE_NAMES,
            organisation=service.found(session, web.own_organisation_id(person)),
            sessions=[
                row for row in access.sessions(session, web.own_id(person)) if row.seen_at + idle > now
            ],
            idle=idle,
            tokens=access.api_tokens(session, web.own_id(person), request.args.get("cursor")),
            scopes=[
                (scope.value, labels.SCOPE_NAMES[scope]) for scope in permissions.useful_scopes(person.actor)
            ],
            scope_names={scope.value: label for scope, label in labels.SCOPE_NAMES.items()},
            now=now,
            fresh=fresh,
            values=values or {"label": "", "scopes": [Scope.READ.value], "days": "90"},
            faults=faults or {},
        )


def _organisation(
    organisation_id: uuid.UUID, values: dict[str, Any] | None = None, faults: dict[str, Any] | None = None
) -> str:
    actor = web.current_actor()
    with read() as session:
        row = service.seen(session, actor, organisation_id)
        relation = service.relation(actor, row)
        may = permissions.allowed(actor, "organisation.decide", relation)
    possible = [
        (decision.value, labels.DECISION_LABELS[decision])
        for (before, decision) in TRANSITIONS
        if before is row.state
    ]
    return render_template(
        "pages/participants/organisation.html",
        sees_all=permissions.allowed(actor, "organisation.list", permissions.Relation.OTHER),
        organisation=row,
        decisions=possible if may else [],
        may_accredit=permissions.allowed(actor, "organisation.accredit", relation),
        may_read=permissions.allowed(actor, "statement.read", relation),
        values=values or {"reason": "", "decision": ""},
        faults=faults or {},
    )
