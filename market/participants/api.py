"""JSON routes of organisations, people and tokens, under ``/api/v1``."""

import uuid
from typing import Any

from market.actor import Role, Scope
from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants import (
    access,
    accrediting,
    attempts,
    credentials,
    enrolling,
    factors,
    members,
    schemas,
    service,
    web,
)
from market.participants.models import Attempt, Organisation
from market.participants.states import Decision, OrganisationState
from market.steps import index_of

blueprint = Blueprint(
    "participants_api", __name__, url_prefix="/api/v1", description="Organisations, people, tokens"
)


@blueprint.post("/tokens")
@blueprint.arguments(schemas.TokenIn)
@blueprint.response(201, schemas.TokenOut)
@blueprint.doc(security=[])
def make_token(data: dict[str, Any]) -> dict[str, Any]:
    """Make a token from address and password, and a code where there is a second factor; it is shown once."""
    user_id = credentials.checked_password(data["email"], data["password"])
    second = credentials.checked_second_factor(user_id, data.get("code"))
    scopes = [Scope(scope) for scope in data["scopes"]]
    with transaction() as session:
        row, text = access.issue_token_by_password(
            session, user_id, data["email"], data["label"], scopes, data["days"], second_factor=second
        )
        return {"id": row.id, "token": text, "scopes": row.scopes, "expires_at": row.expires_at}


@blueprint.post("/second-factor")
@blueprint.arguments(schemas.AppIn)
@blueprint.response(201, schemas.AppOut)
@blueprint.doc(security=[])
def begin_app(data: dict[str, Any]) -> dict[str, Any]:
    """Begin to set up an authenticator app, where there is no second factor yet; the secret is shown once."""
    user_id = credentials.known(data["email"], data["password"])
    with transaction() as session:
        enrolling.require_first(session, user_id)
        secret, uri = factors.begin_app(session, user_id, data["email"])
        return {"secret": secret, "uri": uri}


@blueprint.post("/second-factor/confirmation")
@blueprint.arguments(schemas.ConfirmAppIn)
@blueprint.response(200, schemas.RecoveryCodesOut)
@blueprint.doc(security=[])
def confirm_app(data: dict[str, Any]) -> dict[str, Any]:
    """Finish setting up an authenticator app by its first code; sessions end, recovery codes are shown once."""
    user_id = credentials.known(data["email"], data["password"])
    credentials.counted(user_id)
    with transaction() as session:
        enrolling.require_first(session, user_id)
        factors.confirm_app(session, user_id, data["code"])
        attempts.forget(session, Attempt.SECOND_FACTOR, str(user_id))
        return {"recovery_codes": enrolling.added(session, user_id, None)}


@blueprint.get("/tokens")
@blueprint.arguments(schemas.TokensQuery, location="query")
@blueprint.response(200, schemas.TokensOut)
def list_tokens(query: dict[str, Any]) -> dict[str, Any]:
    """List your own tokens, the newest first; their text is never shown again."""
    person = web.current_person()
    with read() as session:
        page = access.api_tokens(session, web.own_id(person), query.get("cursor"))
        return {"items": page.items, "next": page.next}


@blueprint.delete("/tokens/<uuid:token_id>")
@blueprint.response(204)
def revoke_token(token_id: uuid.UUID) -> None:
    """Take one of your tokens out of use; a token may always end itself."""
    person = web.current_person()
    with transaction() as session:
        access.revoke_token(session, person, token_id)


@blueprint.post("/organisations")
@blueprint.arguments(schemas.ApplyIn)
@blueprint.response(201, schemas.OrganisationStepOut)
@blueprint.doc(security=[])
def apply(data: dict[str, Any]) -> dict[str, Any]:
    """Let an organisation apply; its first person becomes its administrator."""
    application, password = web.checked_application(data, "api")
    with transaction() as session:
        organisation, step = service.apply(session, application, password, key=web.idempotency_key())
        entry_id = step.entry_id if step else organisation.step_id
        return {**shown(organisation), "entry_id": entry_id, "index": index_of(session, entry_id)}


@blueprint.get("/organisations")
@blueprint.arguments(schemas.OrganisationsQuery, location="query")
@blueprint.response(200, schemas.OrganisationsOut)
def list_organisations(query: dict[str, Any]) -> dict[str, Any]:
    """List organisations, the latest application first (the operator's staff only)."""
    actor = web.current_actor()
    state = OrganisationState(query["state"]) if "state" in query else None
    with read() as session:
        page = service.listed(session, actor, state, query.get("cursor"))
        return {"items": [shown(row) for row in page.items], "next": page.next}


@blueprint.post("/organisations/<uuid:organisation_id>/decision")
@blueprint.arguments(schemas.DecisionIn)
@blueprint.response(200, schemas.OrganisationStepOut)
def decide(data: dict[str, Any], organisation_id: uuid.UUID) -> dict[str, Any]:
    """Verify, refuse, suspend or restore an organisation, with a reason."""
    actor = web.current_actor()
    decision: Decision = data["decision"]
    with transaction() as session:
        organisation, step = web.decide(session, actor, organisation_id, decision, data["reason"])
        return {**shown(organisation), "entry_id": step.entry_id, "index": index_of(session, step.entry_id)}


@blueprint.post("/organisations/<uuid:organisation_id>/accreditation")
@blueprint.arguments(schemas.AccreditationIn)
@blueprint.response(200, schemas.OrganisationStepOut)
def accredit(data: dict[str, Any], organisation_id: uuid.UUID) -> dict[str, Any]:
    """Accredit an organisation to inspect others' data, or withdraw that, with a reason."""
    actor, give = web.current_actor(), data["accreditation"] == "give"
    with transaction() as session:
        organisation, step = accrediting.accredit(
            session, actor, organisation_id, give=give, reason=data["reason"]
        )
        return {**shown(organisation), "entry_id": step.entry_id, "index": index_of(session, step.entry_id)}


@blueprint.post("/members/invitations")
@blueprint.arguments(schemas.InviteIn)
@blueprint.response(201, schemas.InvitationOut)
def invite(data: dict[str, Any]) -> dict[str, Any]:
    """Invite a colleague; the link is sent to them and shown to you this once."""
    person, key = web.current_person(), web.idempotency_key()
    roles: frozenset[Role] = data["roles"]
    with transaction() as session:
        invitation, secret, step = members.invite(session, person.actor, data["email"], roles, key)
        entry_id = step.entry_id if step else invitation.step_id
        body = {
            "id": invitation.id,
            "email": invitation.email,
            "roles": invitation.roles,
            "expires_at": invitation.expires_at,
            "entry_id": entry_id,
            "index": index_of(session, entry_id),
        }
    if step is None:
        return {**body, "token": None, "link": None, "mailed": None}
    link, mailed = web.send_invitation(invitation, secret, person)
    return {**body, "token": secret, "link": link, "mailed": mailed}


@blueprint.post("/invitations/<string:token>")
@blueprint.arguments(schemas.JoinIn)
@blueprint.response(201, schemas.MemberOut)
@blueprint.doc(security=[])
def join(data: dict[str, Any], token: str) -> dict[str, Any]:
    """Take up an invitation with a name and a password."""
    password = web.invited_password(token, data["password"])
    with transaction() as session:
        user, step = members.join(session, token, data["name"], password)
        return {
            "user_id": user.id,
            "name": user.name,
            "email": user.email,
            "entry_id": step.entry_id,
            "index": index_of(session, step.entry_id),
        }


@blueprint.get("/members")
@blueprint.response(200, schemas.ColleaguesOut)
def list_members() -> dict[str, Any]:
    """List the people of your organisation, in the order in which they came."""
    actor = web.current_actor()
    with read() as session:
        people = members.people(session, actor)
        items = [
            {
                "user_id": user.id,
                "name": user.name,
                "email": user.email,
                "roles": member.roles,
                "joined_at": user.joined_at,
            }
            for user, member in people
        ]
        return {"items": items, "next": None}


@blueprint.put("/members/<uuid:user_id>/roles")
@blueprint.arguments(schemas.RolesIn)
@blueprint.response(200, schemas.RolesOut)
def change_roles(data: dict[str, Any], user_id: uuid.UUID) -> dict[str, Any]:
    """Give a colleague other roles; their tokens follow at once, their sessions end."""
    actor = web.current_actor()
    with transaction() as session:
        step = members.change(session, actor, user_id, data["roles"])
        return {
            "user_id": user_id,
            "roles": sorted(role.value for role in data["roles"]),
            "entry_id": step.entry_id,
            "index": index_of(session, step.entry_id),
        }


@blueprint.delete("/members/<uuid:user_id>")
@blueprint.response(200, schemas.StepOut)
def remove_member(user_id: uuid.UUID) -> dict[str, Any]:
    """Remove a person from your organisation; their sessions and tokens end at once."""
    actor = web.current_actor()
    with transaction() as session:
        step = members.remove(session, actor, user_id)
        return {"entry_id": step.entry_id, "index": index_of(session, step.entry_id)}


@blueprint.get("/me")
@blueprint.response(200, schemas.MeOut)
def me() -> dict[str, Any]:
    """Say whom this token acts for."""
    person = web.current_person()
    with read() as session:
        organisation = session.get_one(Organisation, person.actor.organisation_id)
        return {
            "user_id": person.actor.user_id,
            "name": person.name,
            "roles": sorted(role.value for role in person.actor.roles),
            "organisation": shown(organisation),
        }


def shown(organisation: Organisation) -> dict[str, Any]:
    """Return what the operator's staff and its own people see of an organisation."""
    names = schemas.OrganisationOut().fields
    return {name: getattr(organisation, name) for name in names}
