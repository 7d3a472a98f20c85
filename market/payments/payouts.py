"""What a provider must still tell the payment platform to be paid, and the way there.

The way is an address that works once and for minutes. It is made at the click, never kept and never sent by mail;
whoever comes to the platform with one that is used or too old is sent back here, where another is made.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy.orm import Session

from market import config, permissions
from market.actor import Actor
from market.db import read
from market.errors import Conflict, Unavailable
from market.i18n import gettext as _
from market.i18n import lazy
from market.payments.accounts import account_of
from market.payments.models import Account
from market.payments.platform import client
from market.payments.states import AccountState
from market.payments.stripe import StripeError

ACTION: Final = "account.onboard"
WANTED: Final[Mapping[str, Any]] = {
    "external_account": lazy("The bank account that payouts go to"),
    "business_profile": lazy("What the organisation does, and its web page"),
    "company": lazy("Data of the organisation"),
    "representative": lazy("Who represents the organisation"),
    "owners": lazy("Who owns the organisation"),
    "tos_acceptance": lazy("Agreement to the terms of the payment institution"),
}
"""The reader's word for what the platform wants, by the first part of its own."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Payouts:
    """How a provider's account stands.

    Attributes:
        state: as it is recorded; None while there is no account.
        active: whether money can be transferred to it now, as the platform says; None while it does not answer.
        wanted: what the platform must still be told, in the reader's words.
        may_go: whether the reader may go to the platform for the organisation.
    """

    state: AccountState | None
    active: bool | None
    wanted: list[str]
    may_go: bool


def standing(actor: Actor) -> Payouts:
    """Return how the account of the actor's organisation stands, the platform being asked. Outside any transaction.

    Raises:
        Forbidden: the actor has no part in its organisation's money.
    """
    permissions.require(actor, "statement.read", permissions.Relation.OWN)
    with read() as session:
        account = _own(session, actor)
    if account is None or account.stripe_id is None:
        return Payouts(account.state if account else None, None, [], may_go=False)
    may_go = permissions.allowed(actor, ACTION, permissions.Relation.OWN)
    if not config.current().stripe_secret_key:
        return Payouts(account.state, None, [], may_go)
    try:
        seen = client(retries=0).account(account.stripe_id)
    except StripeError as error:
        log.warning("account.unavailable", account=str(account.id), error=str(error))
        return Payouts(account.state, None, [], may_go)
    return Payouts(account.state, seen.transfers == "active", named(seen.wanted), may_go)


def way(actor: Actor) -> str:
    """Make the address where the actor's organisation tells the platform what it wants. Outside any transaction.

    Raises:
        Forbidden: the actor's role does not include it.
        Conflict: ``account.none``: there is no account at the platform yet.
        Unavailable: the platform does not answer.
    """
    permissions.require(actor, ACTION, permissions.Relation.OWN)
    with read() as session:
        account = _own(session, actor)
    if account is None or account.stripe_id is None:
        raise Conflict("account.none", _("There is no payment account yet. Try again in a moment."))
    settings = config.current()
    base = settings.base_url.rstrip("/")
    message = _("The payment platform does not answer. Nothing is lost; try again in a moment.")
    if not settings.stripe_secret_key:
        raise Unavailable("payment.unavailable", message)
    try:
        # A new key for each: a repeated one would bring the old address. It moves no money.
        link = client(retries=0).create_account_link(
            key=f"link:{account.id}:{uuid.uuid4()}",
            account=account.stripe_id,
            refresh_url=f"{base}/payouts/onboarding",
            return_url=f"{base}/payouts",
        )
    except StripeError as error:
        log.warning("account.unavailable", account=str(account.id), error=str(error))
        raise Unavailable("payment.unavailable", message) from error
    return link.url


def waits(session: Session, actor: Actor) -> bool:
    """Tell whether the platform lets no money be transferred to the actor's organisation, which may change that."""
    if not permissions.allowed(actor, ACTION, permissions.Relation.OWN):
        return False
    account = _own(session, actor)
    return account is not None and account.state is AccountState.PENDING


def named(wanted: tuple[str, ...]) -> list[str]:
    """Return what the platform wants in the reader's words, each once; what has no word stays as it is called."""
    return list(dict.fromkeys(str(WANTED.get(one.partition(".")[0], one)) for one in wanted))


def _own(session: Session, actor: Actor) -> Account | None:
    return account_of(session, actor.organisation_id) if actor.organisation_id else None
