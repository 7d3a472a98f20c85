"""What comes in and goes out of the routes of this room."""

from typing import Any

from marshmallow import fields, post_load

from market.actor import Role, Scope
from market.fields import (
    BoundedInt,
    Cursor,
    Day,
    Digest,
    Email,
    Phone,
    Reason,
    Schema,
    Secret,
    Several,
    Text,
    Timestamp,
    Uuid,
    one_of,
)
from market.participants.access import LONGEST_TOKEN_DAYS, TOKEN_DAYS
from market.participants.application import Application
from market.participants.passkeys import LONGEST
from market.participants.passwords import SHORTEST
from market.participants.states import Decision, OrganisationState


class Code(Text):
    """Six digits, or a recovery code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(low=6, high=40, **kwargs)


class Answer(Text):
    """JSON that a browser got from an authenticator."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(low=2, high=LONGEST, **kwargs)


def _roles(*possible: Role) -> Several:
    return Several(one_of(*(role.value for role in possible)), low=1, high=6, required=True)


def _scopes(**kwargs: Any) -> Several:
    every = [scope.value for scope in Scope]
    return Several(one_of(*every), low=1, high=len(every), **kwargs)


class ApplyIn(Schema):
    """An organisation's application, with its first person."""

    name_zh = Text(low=2, high=100, required=True)
    name_en = Text(low=2, high=200, required=True)
    credit_code = Text(
        low=18, high=18, required=True, metadata={"description": "Unified social credit code, 18 characters"}
    )
    established_on = Day(required=True)
    person = Text(low=1, high=100, required=True, metadata={"description": "Name of the first person"})
    email = Email(required=True)
    phone = Phone(required=True)
    password = Secret(low=SHORTEST, required=True)
    roles = _roles(Role.PROVIDER, Role.BUYER)


def application(data: dict[str, Any]) -> Application:
    """Return what a loaded :class:`ApplyIn` says, without the password."""
    return Application(
        name_zh=data["name_zh"],
        name_en=data["name_en"],
        credit_code=data["credit_code"],
        established_on=data["established_on"],
        email=data["email"],
        person=data["person"],
        phone=data["phone"],
        roles=frozenset(Role(role) for role in data["roles"]),
    )


class DecisionIn(Schema):
    """The operator's decision."""

    decision = one_of(*(decision.value for decision in Decision), required=True)
    reason = Reason(required=True)

    @post_load
    def _values(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "decision": Decision(data["decision"])}


class AccreditationIn(Schema):
    """Whether an organisation may attach inspections of its own to others' assets."""

    accreditation = one_of("give", "withdraw", required=True)
    reason = Reason(required=True)


class InviteIn(Schema):
    """Whom to invite, to do what."""

    email = Email(required=True)
    roles = _roles(*Role)

    @post_load
    def _values(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "roles": frozenset(Role(role) for role in data["roles"])}


class RolesIn(Schema):
    """All the roles a person has from now on."""

    roles = _roles(*Role)

    @post_load
    def _values(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "roles": frozenset(Role(role) for role in data["roles"])}


class JoinIn(Schema):
    """What an invited person adds."""

    name = Text(low=1, high=100, required=True)
    password = Secret(low=SHORTEST, required=True)


class SignInIn(Schema):
    """Address and password on the sign-in page."""

    email = Email(required=True)
    password = Secret(required=True)


class PasswordIn(Schema):
    """The present password and the new one."""

    present = Secret(required=True)
    password = Secret(low=SHORTEST, required=True)


class ForgottenIn(Schema):
    """Who asks for a letter with a link."""

    email = Email(required=True)


class ResetIn(Schema):
    """The new password behind a link."""

    password = Secret(low=SHORTEST, required=True)


class TokenIn(SignInIn):
    """A request for an API token."""

    label = Text(low=1, high=100, load_default="API")
    scopes = _scopes(load_default=lambda: [Scope.READ.value])
    days = BoundedInt(low=1, high=LONGEST_TOKEN_DAYS, load_default=TOKEN_DAYS)
    code = Code(
        metadata={
            "description": "Of the authenticator app, or a recovery code; where there is a second factor"
        }
    )


class AppIn(SignInIn):
    """Who sets up an authenticator app as the first second factor."""


class AppOut(Schema):
    """The secret of an authenticator app that is being set up."""

    secret = fields.String(metadata={"description": "Base 32, for RFC 6238: SHA-1, 6 digits, 30 seconds"})
    uri = fields.String(metadata={"description": "The same as an otpauth: address"})


class ConfirmAppIn(SignInIn):
    """A first code of an authenticator app."""

    code = Code(required=True)


class RecoveryCodesOut(Schema):
    """Codes that each stand in once for a lost second factor; shown this once."""

    recovery_codes = fields.List(fields.String())


class CodeIn(Schema):
    """A code of an authenticator app, or a recovery code."""

    code = Code(required=True)


class AssertionIn(Schema):
    """What a passkey answered, as JSON."""

    assertion = Answer(required=True)


class PasskeyIn(Schema):
    """A passkey that was made just now."""

    label = Text(low=1, high=100, required=True)
    credential = Answer(required=True)


class ChallengeIn(Schema):
    """What a passkey shall sign: nothing to sign in, or the digest of a signing statement."""

    challenge = Digest()


class OwnTokenIn(Schema):
    """A token asked for on the page."""

    label = Text(low=1, high=100, required=True)
    scopes = _scopes(required=True)
    days = one_of("7", "30", "90", "365", required=True)


class TokensQuery(Schema):
    """Page of the list of tokens."""

    cursor = Cursor()


class OrganisationsQuery(Schema):
    """Filter and page of the list of organisations."""

    state = one_of(*(state.value for state in OrganisationState))
    cursor = Cursor()


class StepOut(Schema):
    """The ledger entry of a step; ``index`` is null until it is integrated."""

    entry_id = Uuid(dump_only=True)
    index = fields.Integer(dump_only=True, allow_none=True)


class OrganisationOut(Schema):
    """An organisation as the operator and its own people see it."""

    id = Uuid()
    name_zh = fields.String()
    name_en = fields.String()
    credit_code = fields.String()
    established_on = fields.String()
    operator = fields.Boolean()
    contact_name = fields.String()
    contact_email = fields.String()
    contact_phone = fields.String()
    state = fields.Enum(OrganisationState, by_value=True)
    reason = fields.String()
    applied_at = Timestamp()
    decided_at = Timestamp(allow_none=True)
    accredited_at = Timestamp(
        allow_none=True, metadata={"description": "Since when it may attach inspections; null: it may not"}
    )


class OrganisationStepOut(OrganisationOut, StepOut):
    """An organisation after a step."""


class OrganisationsOut(Schema):
    """A page of organisations."""

    items = fields.List(fields.Nested(OrganisationOut))
    next = fields.String(allow_none=True)


class InvitationOut(StepOut):
    """An invitation with its link, which is shown this once: a repeated request gets null for what is secret."""

    id = Uuid()
    email = fields.String()
    roles = fields.List(fields.String())
    expires_at = Timestamp()
    link = fields.String(allow_none=True)
    token = fields.String(allow_none=True)
    mailed = fields.Boolean(
        allow_none=True, metadata={"description": "Whether the letter went out; the link works anyway"}
    )


class MemberOut(StepOut):
    """A person who has just joined an organisation."""

    user_id = Uuid()
    name = fields.String()
    email = fields.String()


class ColleagueOut(Schema):
    """A person of your organisation."""

    user_id = Uuid()
    name = fields.String()
    email = fields.String()
    roles = fields.List(fields.String())
    joined_at = Timestamp()


class ColleaguesOut(Schema):
    """A page of people; an organisation's people stand on one."""

    items = fields.List(fields.Nested(ColleagueOut))
    next = fields.String(allow_none=True)


class RolesOut(StepOut):
    """A person's roles after a change."""

    user_id = Uuid()
    roles = fields.List(fields.String())


class TokenOut(Schema):
    """A fresh API token, shown this once."""

    id = Uuid()
    token = fields.String()
    scopes = fields.List(fields.String())
    expires_at = Timestamp()


class KnownTokenOut(Schema):
    """An API token as it is listed: everything but its text."""

    id = Uuid()
    label = fields.String()
    scopes = fields.List(fields.String())
    made_at = Timestamp()
    used_at = Timestamp(allow_none=True)
    expires_at = Timestamp()
    revoked_at = Timestamp(allow_none=True)


class TokensOut(Schema):
    """A page of tokens."""

    items = fields.List(fields.Nested(KnownTokenOut))
    next = fields.String(allow_none=True)


class MeOut(Schema):
    """Who a token acts for."""

    user_id = Uuid()
    name = fields.String()
    roles = fields.List(fields.String())
    organisation = fields.Nested(OrganisationOut)
