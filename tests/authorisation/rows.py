"""What a row of the authorisation table says, and how it reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from market.actor import Scope

Outcome = int | str | None
"""A status, a status with the code of its problem ("403 role.missing") or the address it leads to
("303 /sign-in"), or None where the question makes no sense."""

ROLE: Final = "403 role.missing"
PART: Final = "403 relation.wrong"
BARRED: Final = "403 organisation.not_verified"
SCOPE: Final = "403 token.scope_missing"
NO_TOKEN: Final = "401 token.required"
SIGN_IN: Final = "303 /sign-in"
FILE: Final = "{file}"
"""In a body: a small file of its own."""
SIGNED: Final = "{attestation}"
"""In a body: the file of an inspection that the house's assessor made and signed."""

PAPER: Final = "{invoice}"
"""In a body: the file of an invoice."""
LINES: Final = "{bank_statement}"
"""In a body: a statement of a bank."""


class Who(StrEnum):
    """For whom an address is; says who stands in each column of its row."""

    PUBLIC = "public"
    PERSON = "person"
    """Anybody who is signed in, about what is their own."""
    ADMIN = "admin"
    APPROVER = "approver"
    ASSESSOR = "assessor"
    """Of an accredited body, which has no part in anything else."""
    PROVIDER = "provider"
    BUYER = "buyer"
    OPERATOR = "operator"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"


class Column(StrEnum):
    """Who asks."""

    OWN = "own organisation"
    """The right role, and no more than that; a token made for nothing else."""
    NOBODY = "nobody"
    OTHER = "other organisation"
    """All the trading roles, in an organisation that has no part in the object."""
    WRONG = "wrong role"
    """The own organisation, without the role."""
    PARTY = "other party"
    """All the trading roles, in the organisation that is the other party to the object, or its owner."""
    STAFF = "other staff"
    """Somebody of the operator's who may look at nearly everything, without the role."""
    SUSPENDED = "suspended"
    """The right role (for the staff's acts: the owner), in an organisation that is suspended."""
    UNSCOPED = "token without scope"
    """The right person, with a token made for everything but this."""


@dataclass(frozen=True)
class Row:
    """One route and method: what it needs and what everybody gets.

    Attributes:
        endpoint: name of the route.
        method: GET stands for HEAD too.
        who: for whom it is.
        on: the object in the address: its name in the house, or the text itself.
        args: further variables of the address.
        sent: the body; ``{name}`` stands for an object of the house.
        query: what follows the address.
        scope: what a token must be made for; None on pages and where no token is asked for.
    """

    endpoint: str
    method: str
    who: Who
    own: Outcome
    other: Outcome = None
    wrong: Outcome = None
    party: Outcome = None
    staff: Outcome = None
    suspended: Outcome = None
    nobody: Outcome = None
    unscoped: Outcome = None
    scope: Scope | None = None
    on: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        words = [self.endpoint, self.method, *map(str, self.args.values())]
        return " ".join([*words, f"on {self.on}"] if self.on else words)

    @property
    def is_api(self) -> bool:
        """Whether programs use it."""
        room = self.endpoint.partition(".")[0]
        return room.endswith("_api") or room == "api-docs"

    @property
    def sends_file(self) -> bool:
        """Whether its body holds a file."""
        return any(value in (FILE, SIGNED, PAPER, LINES) for value in self.sent.values())

    @property
    def required(self) -> list[Column]:
        """Who must be asked for; a page takes no token, so there every one is without scope (test_ways_in)."""
        return [
            Column.OWN,
            Column.NOBODY,
            Column.OTHER,
            Column.WRONG,
            Column.SUSPENDED,
            *([Column.UNSCOPED] if self.is_api else []),
        ]

    def outcome(self, column: Column) -> Outcome:
        """Return what the person of a column gets."""
        outcomes: dict[Column, Outcome] = {
            Column.OWN: self.own,
            Column.NOBODY: self.nobody,
            Column.OTHER: self.other,
            Column.WRONG: self.wrong,
            Column.PARTY: self.party,
            Column.STAFF: self.staff,
            Column.SUSPENDED: self.suspended,
            Column.UNSCOPED: self.unscoped,
        }
        return outcomes[column]


def public(endpoint: str, method: str, outcome: Outcome, **needs: Any) -> Row:
    """Return a row for an address that treats everybody alike, whatever their token is made for."""
    columns = ("own", "nobody", "other", "wrong", "suspended")
    row = Row(endpoint, method, Who.PUBLIC, **{**dict.fromkeys(columns, outcome), **needs})
    return replace(row, unscoped=row.unscoped or outcome) if row.is_api else row


def api(endpoint: str, method: str, who: Who, scope: Scope, own: Outcome, **needs: Any) -> Row:
    """Return a row for a program's address: without a token 401, without the scope 403."""
    row = {"nobody": NO_TOKEN, "unscoped": SCOPE, **needs}
    return Row(endpoint, method, who, own, scope=scope, **row)


def page(endpoint: str, method: str, who: Who, own: Outcome, **needs: Any) -> Row:
    """Return a row for a person's address: whoever is not signed in is sent to sign in."""
    return Row(endpoint, method, who, own, **{"nobody": SIGN_IN, **needs})


def markdown(rows: tuple[Row, ...]) -> str:
    """Return the table as people read it."""
    head = ["route", "method", "for", "on", "scope", *(column.value for column in Column)]
    lines = [head, ["---"] * len(head)]
    for row in rows:
        route = f"`{row.endpoint}`" + "".join(f" {value}" for value in row.args.values())
        found = [row.outcome(column) for column in Column]
        shown = ["–" if outcome is None else str(outcome) for outcome in found]
        lines.append([route, row.method, row.who, row.on or "–", row.scope or "–", *shown])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
