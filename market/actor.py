"""Who is asking: a value that every service takes, never a database row."""

import uuid
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a member may do for an organisation; the last three exist in the operator's organisation only.

    ``assessor`` exists in organisations that the operator accredited.
    """

    ADMIN = "admin"
    PROVIDER = "provider"
    BUYER = "buyer"
    APPROVER = "approver"
    ASSESSOR = "assessor"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"


class Scope(StrEnum):
    """What an API token may be used for; a person on a page may use all of it."""

    READ = "read"
    """Looking at whatever the person may see, except the bytes that were bought."""
    MEMBERS = "members:write"
    """Inviting, changing and removing colleagues, and ending tokens."""
    ASSETS = "assets:write"
    """Registering assets, and attaching inspections of them."""
    LISTINGS = "listings:write"
    """Offering assets."""
    CONTRACTS = "contracts:write"
    """Asking for, approving, signing, declining and withdrawing contracts."""
    PAYMENTS = "payments:write"
    """Beginning to pay."""
    DELIVERY = "delivery:read"
    """Fetching the bytes that were bought."""
    TRADES = "trades:write"
    """Accepting, rejecting and cancelling."""
    OPERATE = "operate:write"
    """The operator's and the reviewer's decisions."""


@dataclass(frozen=True)
class Actor:
    """The person (or the exchange's own clockwork) that takes a step.

    Attributes:
        user_id: the person; None for the system and for the public.
        organisation_id: on whose behalf; None for the system and for the public.
        roles: the roles of this person in that organisation.
        name: a short label for logs, never personal data ("system:deadline", "user").
        via: how the request came in: "page", "api", "job" or "cli".
        verified: whether the organisation is verified now (neither applied, refused nor suspended).
        barred: whether the operator has refused or suspended the organisation.
        scopes: what the API token may be used for; None for a person on a page and for a job: everything.
    """

    user_id: uuid.UUID | None
    organisation_id: uuid.UUID | None
    roles: frozenset[Role] = frozenset()
    name: str = "user"
    via: str = "api"
    verified: bool = False
    barred: bool = False
    scopes: frozenset[Scope] | None = None

    @classmethod
    def system(cls, name: str) -> "Actor":
        """Return the actor of a job, for example ``Actor.system("deadline")``."""
        return cls(user_id=None, organisation_id=None, name=f"system:{name}", via="job", verified=True)

    @classmethod
    def public(cls, via: str = "page") -> "Actor":
        """Return the actor of a person who is not signed in."""
        return cls(user_id=None, organisation_id=None, name="public", via=via)

    def has(self, *roles: Role) -> bool:
        """Tell whether the actor holds at least one of these roles."""
        return not self.roles.isdisjoint(roles)

    def within(self, scope: Scope) -> bool:
        """Tell whether the actor's token, if it is one, may be used for this."""
        return self.scopes is None or scope in self.scopes
