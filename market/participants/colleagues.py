"""Pages of the people of an organisation: colleagues, their roles, and invitations."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import forms, permissions
from market.db import read, transaction
from market.errors import Conflict, Invalid
from market.i18n import gettext as _
from market.participants import access, labels, members, schemas, second, service, web
from market.participants.models import Organisation

pages = Blueprint("colleagues", __name__)


@pages.get("/members")
@web.require_actor
def listed() -> ResponseReturnValue:
    """Show the people of one's organisation."""
    return _colleagues()


@pages.post("/members/invitations")
@web.require_actor
def invite() -> ResponseReturnValue:
    """Invite a colleague and show the link once."""
    person, key = web.current_person(), web.idempotency_key()
    try:
        data = forms.load(schemas.InviteIn(), "roles")
        with transaction() as session:
            invitation, secret, step = members.invite(
                session, person.actor, data["email"], data["roles"], key
            )
    except (ValidationError, Invalid) as error:
        return _colleagues(values=forms.sent("roles"), faults=forms.faults(error)), 422
    except Conflict as error:
        return _colleagues(values=forms.sent("roles"), faults={"_schema": [error.message]}), 409
    if step is None:
        flash(_("This invitation was made before; its link was shown then."), "done")
        return redirect(url_for("colleagues.listed"), 303)
    link, mailed = web.send_invitation(invitation, secret, person)
    return _colleagues(link=link, mailed=mailed, invited=invitation.email)


@pages.get("/members/<uuid:user_id>")
@web.require_actor
def one(user_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form by which an administrator changes a colleague's roles."""
    return _colleague(user_id)


@pages.post("/members/<uuid:user_id>/roles")
@web.require_actor
def change_roles(user_id: uuid.UUID) -> ResponseReturnValue:
    """Give a colleague other roles; their sessions end, one's own gets a new secret."""
    person = web.current_person()
    try:
        data = forms.load(schemas.RolesIn(), "roles")
        with transaction() as session:
            members.change(session, person.actor, user_id, data["roles"])
            own = person.session_id if user_id == person.actor.user_id else None
            secret = access.renew_session(session, own) if own else None
    except (ValidationError, Invalid) as error:
        return _colleague(user_id, forms.sent("roles"), forms.faults(error)), 422
    response = redirect(url_for("colleagues.listed"), 303)
    if secret is not None:
        web.sign_in(response, secret)
    flash(_("The roles are changed."), "done")
    return response


@pages.post("/members/<uuid:user_id>/removal")
@web.require_actor
def remove(user_id: uuid.UUID) -> ResponseReturnValue:
    """Remove a person from one's organisation."""
    actor = web.current_actor()
    with transaction() as session:
        members.remove(session, actor, user_id)
    flash(_("The member is removed; all their sessions and tokens are ended."), "done")
    return redirect(url_for("colleagues.listed"), 303)


@pages.get("/invitations/<string:token>")
def join_invited(token: str) -> ResponseReturnValue:
    """Show an invitation."""
    return _invitation(token)


@pages.post("/invitations/<string:token>")
def take_up(token: str) -> ResponseReturnValue:
    """Take up an invitation and sign the person in."""
    try:
        data = forms.load(schemas.JoinIn())
        password = web.invited_password(token, data["password"])
    except (ValidationError, Invalid) as error:
        return _invitation(token, {"name": request.form.get("name", "")}, forms.faults(error)), 422
    with transaction() as session:
        user, _step = members.join(session, token, data["name"], password, via="page")
        secret = access.begin_session(session, user.id, user.email, request.user_agent.string)
        lacks = access.lack_of(session, user.id)
    response = redirect(second.next_page(None, lacks), 303)
    web.sign_in(response, secret)
    return response


def _colleagues(
    values: dict[str, Any] | None = None,
    faults: dict[str, Any] | None = None,
    link: str | None = None,
    mailed: bool = True,
    invited: str | None = None,
) -> str:
    person = web.current_person()
    with read() as session:
        own = service.found(session, web.own_organisation_id(person))
        return render_template(
            "pages/participants/members.html",
            people=members.people(session, person.actor),
            invitations=members.invitations(session, person.actor),
            may_invite=permissions.allowed(person.actor, "member.invite"),
            may_change=permissions.allowed(person.actor, "member.change"),
            me=person,
            labels=labels.ROLE_NAMES,
            options=_duties(own),
            values=values or {"email": "", "roles": []},
            faults=faults or {},
            link=link,
            mailed=mailed,
            invited=invited,
        )


def _colleague(
    user_id: uuid.UUID, values: dict[str, Any] | None = None, faults: dict[str, Any] | None = None
) -> str:
    actor = web.current_actor()
    permissions.require(actor, "member.change")
    with read() as session:
        member = members.member_of(session, actor, user_id)
        return render_template(
            "pages/participants/member.html",
            user=members.user_of(session, member),
            options=_duties(service.found(session, member.organisation_id)),
            values=values or {"roles": member.roles},
            faults=faults or {},
        )


def _duties(organisation: Organisation) -> list[tuple[str, Any]]:
    """Return the roles that an organisation may give, with what each is for."""
    possible = members.possible_roles(organisation)
    return [(role.value, duty) for role, duty in labels.ROLE_DUTIES.items() if role in possible]


def _invitation(
    token: str, values: dict[str, Any] | None = None, faults: dict[str, Any] | None = None
) -> str:
    with read() as session:
        invitation = members.invitation_for(session, token)
        return render_template(
            "pages/participants/invitation.html",
            invitation=invitation,
            organisation=service.found(session, invitation.organisation_id),
            labels=labels.ROLE_NAMES,
            token=token,
            values=values or {"name": ""},
            faults=faults or {},
        )
