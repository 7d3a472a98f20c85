"""Organisations: applying, the operator's decision, and the founding of the exchange.

Each public function is one step in the caller's transaction. Every step takes a fresh handle.
"""

import uuid

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from market import clock, jobs, permissions, steps
from market.actor import Actor, Role
from market.errors import Conflict, Forbidden, Invalid, NotFound
from market.i18n import CHINA
from market.i18n import gettext as _
from market.paging import Page, page
from market.participants.application import TRADING, Application, given_by, impersonal, parsed_code
from market.participants.models import Credential, Member, Organisation, User
from market.participants.states import BARRED, Decision, MemberState, OrganisationState, advance, target
from market.steps import Kind, Pending, Step

_KINDS = {
    Decision.VERIFY: Kind.ORGANISATION_VERIFIED,
    Decision.REFUSE: Kind.ORGANISATION_REFUSED,
    Decision.SUSPEND: Kind.ORGANISATION_SUSPENDED,
    Decision.RESTORE: Kind.ORGANISATION_RESTORED,
}


MOST_CALLED = 50
"""Organisations that one search may mean."""


def apply(
    session: Session, application: Application, password: str, *, via: str = "api", key: str | None = None
) -> tuple[Organisation, Step | None]:
    """Let an organisation apply; its first person becomes its administrator.

    Args:
        session: the session of the transaction.
        application: what it says of itself.
        password: argon2id hash for the first person.
        via: "api" or "page".
        key: Idempotency-Key; the same key and input give the organisation made the first time.

    Returns:
        The organisation and the step; the step is None when the key was used before.

    Raises:
        Invalid: wrong credit code, a day in the future, or no role.
        Conflict: the code or the address is known already, or the key was used with other input.
    """
    if made := applied(session, application, via=via, key=key):
        return made, None
    actor, code = Actor.public(via), parsed_code(application.credit_code)
    given = given_by(application, code)
    step = steps.begin(actor, Kind.ORGANISATION_APPLIED, steps.new_handle())
    organisation = _create(session, step, application, code, password, OrganisationState.APPLIED)
    steps.remember(session, actor, key, Kind.ORGANISATION_APPLIED, given, organisation.id)
    return organisation, steps.record(session, step, given=impersonal(given))


def applied(session: Session, application: Application, *, via: str, key: str | None) -> Organisation | None:
    """Return what the same application made before, or None when it can be taken now.

    Asked once more before the password is hashed, so that what will be refused does not cost that work.

    Raises:
        MarketError: as in :func:`apply`.
    """
    code = parsed_code(application.credit_code)
    given = given_by(application, code)
    if made := steps.once(session, Actor.public(via), key, Kind.ORGANISATION_APPLIED, given):
        return session.get_one(Organisation, made)
    if not application.roles or application.roles - TRADING:
        raise Invalid(
            "role.invalid",
            _("Choose provider, buyer or both."),
            fields={"roles": [_("Choose provider, buyer or both.")]},
        )
    _check(session, application, code)
    return None


def create_operator(session: Session, application: Application, password: str) -> tuple[Organisation, Step]:
    """Found the exchange: its operator's organisation with the first person as operator and reviewer.

    Args:
        session: the session of the transaction.
        application: the operator about itself; ``roles`` is not used.
        password: argon2id hash for the first person.

    Raises:
        Conflict: the exchange is founded already.
        Invalid: wrong credit code or a day in the future.
    """
    if operator(session) is not None:
        raise Conflict(
            "exchange.founded", _("This exchange has an operator already. Invite further people instead.")
        )
    code = parsed_code(application.credit_code)
    _check(session, application, code)
    actor = Actor(user_id=None, organisation_id=None, name="founder", via="cli", verified=True)
    step = steps.begin(actor, Kind.EXCHANGE_FOUNDED, steps.new_handle())
    organisation = _create(session, step, application, code, password, OrganisationState.VERIFIED)
    jobs.queue(session, "exchange.founded")
    return organisation, steps.record(session, step, given=impersonal(given_by(application, code)))


def decide(
    session: Session, actor: Actor, organisation_id: uuid.UUID, decision: Decision, reason: str
) -> tuple[Organisation, Step]:
    """Verify, refuse, suspend or restore an organisation.

    Args:
        session: the session of the transaction.
        actor: an operator, of another organisation (R1.5).
        organisation_id: whom it concerns.
        decision: what is decided.
        reason: why; kept in the step and shown to the organisation.

    Raises:
        Forbidden: not an operator (R1.4), or the matter is the operator's own (R1.5).
        NotFound: no such organisation.
        Conflict: the decision does not fit its state, or was taken with another reason.
    """
    organisation = seen(session, actor, organisation_id, lock=True)
    permissions.require(actor, "organisation.decide", relation(actor, organisation))
    given = {"organisation": organisation.id, "decision": decision.value, "reason": reason}
    kind = _KINDS[decision]
    if organisation.state is target(decision):
        return organisation, steps.repeat(session, actor, kind, organisation.handle, given)
    step = steps.begin(actor, kind, steps.new_handle())
    put(step, organisation, decision, reason)
    if decision is Decision.VERIFY:
        jobs.queue(session, "organisation.verified", organisation_id=organisation.id)
    return organisation, steps.record(session, step, given=given, note={"reason": reason})


def put(step: Pending, organisation: Organisation, decision: Decision, reason: str) -> None:
    """Change an organisation within a step that an upper room records (suspension with its grants).

    Args:
        step: the step that was begun.
        organisation: the locked row.
        decision: what is decided.
        reason: why.

    Raises:
        Conflict: the decision does not fit its state.
    """
    organisation.state = advance(organisation.state, decision)
    organisation.reason = reason
    organisation.decided_at = step.time
    organisation.handle = step.handle
    organisation.step_id = step.id


def found(session: Session, organisation_id: uuid.UUID, *, lock: bool = False) -> Organisation:
    """Return an organisation.

    Raises:
        NotFound: there is none.
    """
    row = session.get(Organisation, organisation_id, with_for_update=lock or None, populate_existing=lock)
    if row is None:
        raise NotFound("organisation.not_found", _("There is no such organisation."))
    return row


def hold(session: Session, organisation_id: uuid.UUID) -> None:
    """Keep an organisation as it is until the end of the transaction, which only relies on it; others may too."""
    session.execute(
        select(Organisation.id).where(Organisation.id == organisation_id).with_for_update(read=True)
    )


def seen(session: Session, actor: Actor, organisation_id: uuid.UUID, *, lock: bool = False) -> Organisation:
    """Return an organisation as far as the actor may know of it.

    Args:
        session: a session.
        actor: who asks.
        organisation_id: which one.
        lock: whether it is about to be changed.

    Raises:
        NotFound: there is none, or the actor is neither of it nor of the operator's staff.
    """
    row = found(session, organisation_id, lock=lock)
    own = actor.organisation_id == row.id
    if not own and not actor.has(*permissions.STAFF):
        raise NotFound("organisation.not_found", _("There is no such organisation."))
    return row


def operator(session: Session) -> Organisation | None:
    """Return the operator's own organisation, or None before the exchange is founded."""
    return session.scalars(select(Organisation).where(Organisation.operator.is_(True))).one_or_none()


def listed(
    session: Session, actor: Actor, state: OrganisationState | None = None, cursor: str | None = None
) -> Page[Organisation]:
    """Return a page of organisations, the latest application first, for the operator's staff.

    Args:
        session: a session.
        actor: who asks.
        state: only those in this state.
        cursor: where the page begins.

    Raises:
        Forbidden: not of the operator's staff.
    """
    permissions.require(actor, "organisation.list", permissions.Relation.OTHER)
    query = select(Organisation)
    if state is not None:
        query = query.where(Organisation.state == state)
    return page(session, query, Organisation.applied_at, Organisation.id, cursor)


def called(session: Session, words: str) -> list[uuid.UUID]:
    """Return the organisations with this name, part of a name or credit code, for whoever may search everything.

    Args:
        session: a session that reads.
        words: not empty.
    """
    names = (
        Organisation.name_zh.contains(words, autoescape=True),
        Organisation.name_en.icontains(words, autoescape=True),
    )
    query = select(Organisation.id).where(or_(*names, Organisation.credit_code == words.upper()))
    return list(session.scalars(query.limit(MOST_CALLED)))


def waiting(session: Session) -> int:
    """Return how many organisations wait for a decision."""
    query = select(func.count()).where(Organisation.state == OrganisationState.APPLIED)
    return session.scalar(query) or 0


def verified(session: Session, actor: Actor) -> Organisation:
    """Return the actor's organisation, which must be verified at this moment.

    Raises:
        Forbidden: it is not, or no longer (R1.1, R1.2).
    """
    row = session.get(Organisation, actor.organisation_id) if actor.organisation_id else None
    if row is None or row.state is not OrganisationState.VERIFIED:
        barred = row is not None and row.state in BARRED
        raise Forbidden(
            "organisation.not_verified",
            _("Your organisation is not verified. Wait for the operator's decision, or ask the operator."),
            rule=permissions.BARRED_RULE if barred else permissions.UNVERIFIED_RULE,
        )
    return row


def relation(actor: Actor, organisation: Organisation) -> permissions.Relation:
    """Return how the actor's organisation stands to this one."""
    return (
        permissions.Relation.OWN if actor.organisation_id == organisation.id else permissions.Relation.OTHER
    )


def names(session: Session, ids: set[uuid.UUID]) -> dict[uuid.UUID, dict[str, str]]:
    """Return the names of organisations by language code, for pages that show parties."""
    rows = session.scalars(select(Organisation).where(Organisation.id.in_(ids)))
    return {row.id: {"zh": row.name_zh, "en": row.name_en} for row in rows}


def _create(
    session: Session,
    step: Pending,
    application: Application,
    code: str,
    password: str,
    state: OrganisationState,
) -> Organisation:
    founding = state is OrganisationState.VERIFIED
    user = User(
        id=uuid.uuid4(),
        step_id=step.id,
        email=application.email,
        name=application.person,
        joined_at=step.time,
    )
    organisation = Organisation(
        id=uuid.uuid4(),
        step_id=step.id,
        handle=step.handle,
        name_zh=application.name_zh,
        name_en=application.name_en,
        credit_code=code,
        established_on=application.established_on.isoformat(),
        operator=founding,
        contact_id=user.id,
        contact_name=application.person,
        contact_email=application.email,
        contact_phone=application.phone,
        state=state,
        reason="",
        applied_at=step.time,
        decided_at=step.time if founding else None,
    )
    session.add_all([user, organisation])
    session.flush()
    roles = {Role.OPERATOR, Role.REVIEWER} if founding else application.roles
    session.add(
        Member(
            step_id=step.id,
            user_id=user.id,
            organisation_id=organisation.id,
            roles=sorted({Role.ADMIN.value, *(role.value for role in roles)}),
            state=MemberState.ACTIVE,
        )
    )
    session.add(Credential(user_id=user.id, password=password, changed_at=step.time))
    return organisation


def _check(session: Session, application: Application, code: str) -> None:
    if application.established_on > clock.now().astimezone(CHINA).date():
        raise Invalid(
            "organisation.established_later",
            _("The date of establishment is in the future."),
            fields={"established_on": [_("The date of establishment is in the future.")]},
        )
    living = (OrganisationState.APPLIED, OrganisationState.VERIFIED, OrganisationState.SUSPENDED)
    if session.scalar(
        select(Organisation.id).where(Organisation.credit_code == code, Organisation.state.in_(living))
    ):
        raise Conflict(
            "organisation.known",
            _(
                "An organisation with this credit code has joined already. Ask its administrator to invite you."
            ),
        )
    free_address(session, application.email)


def free_address(session: Session, email: str) -> None:
    """Refuse an address that somebody signs in by.

    Raises:
        Conflict: it is taken.
    """
    if session.scalar(select(User.id).where(User.email == email)):
        raise Conflict(
            "user.known", _("Somebody signs in with this address already. Sign in, or use another one.")
        )
