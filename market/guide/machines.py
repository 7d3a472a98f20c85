"""The state machines, taken from the very tables that ``advance`` uses, and laid out to be drawn.

Each state is a row. A way from one row to the next is a short arrow down; every other way runs in a lane
at the right, one lane for all that lead to the same state by the same event. So nothing can overlap, and
the picture is narrow enough for a telephone.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from contracts import negotiation
from market.catalog import states as listing
from market.contracting.standing import states as standing
from market.delivery import grant
from market.invoicing import states as invoice
from market.participants import states as organisation
from market.payments import states as payment
from market.payments.bank import states as bank
from market.payments.chargebacks import states as chargeback
from market.payments.reconciliation import states as reconciliation
from market.registry import states as registration
from market.trades import acceptance, agreement, dispute, duty, notice, redress, settlement

TABLES: Final[Mapping[str, tuple[type[StrEnum], Mapping[Any, StrEnum]]]] = {
    "organisation": (organisation.OrganisationState, organisation.TRANSITIONS),
    "registration": (registration.RegistrationState, registration.TRANSITIONS),
    "update": (registration.UpdateState, registration.UPDATE_TRANSITIONS),
    "listing": (listing.ListingState, listing.TRANSITIONS),
    "negotiation": (negotiation.State, negotiation.TRANSITIONS),
    "offer": (standing.OfferState, standing.TRANSITIONS),
    "agreement": (agreement.AgreementState, agreement.TRANSITIONS),
    "settlement": (settlement.SettlementState, settlement.TRANSITIONS),
    "payment": (payment.OperationState, payment.TRANSITIONS),
    "account": (payment.AccountState, payment.ACCOUNT_TRANSITIONS),
    "grant": (grant.GrantState, grant.GRANT_TRANSITIONS),
    "transfer": (grant.TransferState, grant.TRANSFER_TRANSITIONS),
    "acceptance": (acceptance.AcceptanceState, acceptance.TRANSITIONS),
    "dispute": (dispute.DisputeState, dispute.TRANSITIONS),
    "notice": (notice.NoticeState, notice.TRANSITIONS),
    "duty": (duty.DutyState, duty.TRANSITIONS),
    "reconciliation": (reconciliation.ReconciliationState, reconciliation.TRANSITIONS),
    "invoice": (invoice.InvoiceState, invoice.TRANSITIONS),
    "bank_account": (bank.BankAccountState, bank.ACCOUNT_TRANSITIONS),
    "bank_line": (bank.LineState, bank.LINE_TRANSITIONS),
    "redress": (redress.RedressState, redress.TRANSITIONS),
    "chargeback": (chargeback.ChargebackState, chargeback.TRANSITIONS),
}
"""States and transitions by machine, in the order of a trade's life."""

BOX: Final = 142
"""Width of a state, pixels, as everything below."""
LEFT: Final = 2
LABELS: Final = 96
LANE: Final = 14
PORT: Final = 18
LOWEST: Final = 46
GAP: Final = 34


@dataclass(frozen=True)
class Way:
    """All transitions that one event makes into one state."""

    event: str
    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class Box:
    """A state as drawn: its upper edge and its height."""

    state: str
    y: int
    height: int
    final: bool

    @property
    def bottom(self) -> int:
        """Lower edge."""
        return self.y + self.height


@dataclass(frozen=True)
class Lane:
    """A way as drawn: where it runs, where it enters and where it leaves from."""

    event: str
    x: int
    enters: int
    leaves: tuple[int, ...]

    @property
    def top(self) -> int:
        """Upper end."""
        return min(self.enters, *self.leaves)

    @property
    def bottom(self) -> int:
        """Lower end."""
        return max(self.enters, *self.leaves)


@dataclass(frozen=True)
class Drawing:
    """A machine laid out; ``arrows`` are (event, upper end, lower end) of the short ways."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lanes: tuple[Lane, ...]
    arrows: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Machine:
    """One machine with its words.

    Attributes:
        name: anchor on the page.
        title: in both languages.
        text: what it is about, in both languages.
        events: the reader's words for its events, by event and language.
        states: its states, the first one first.
        transitions: (state, event, next state).
    """

    name: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    events: Mapping[str, Mapping[str, str]]
    states: tuple[str, ...]
    transitions: tuple[tuple[str, str, str], ...]

    @property
    def drawing(self) -> Drawing:
        """The machine, laid out."""
        return _draw(self.states, _ways(self.transitions))


@cache
def machines() -> tuple[Machine, ...]:
    """Return every machine with its words."""
    words = tomllib.loads((Path(__file__).parent / "machines.toml").read_text("utf-8"))
    return tuple(
        Machine(
            name=name,
            title=words[name]["title"],
            text=words[name]["text"],
            events={**words["events"], **words[name].get("events", {})},
            states=tuple(state.value for state in states),
            transitions=tuple(
                (before.value, event.value, after.value) for (before, event), after in table.items()
            ),
        )
        for name, (states, table) in TABLES.items()
    )


def _ways(transitions: tuple[tuple[str, str, str], ...]) -> list[Way]:
    sources: dict[tuple[str, str], list[str]] = {}
    for before, event, after in transitions:
        sources.setdefault((event, after), []).append(before)
    return [Way(event, tuple(found), after) for (event, after), found in sources.items()]


def _draw(states: tuple[str, ...], ways: list[Way]) -> Drawing:
    row = {state: place for place, state in enumerate(states)}
    short = [way for way in ways if len(way.sources) == 1 and row[way.target] == row[way.sources[0]] + 1]
    long = sorted(
        (way for way in ways if way not in short), key=lambda way: _span(way, row)[1] - _span(way, row)[0]
    )
    ports = {state: _ports(state, long) for state in states}
    boxes: dict[str, Box] = {}
    y = LEFT
    leaving = {source for way in ways for source in way.sources}
    for state in states:
        height = max(LOWEST, PORT * len(ports[state]) + 12)
        boxes[state] = Box(state, y, height, state not in leaving)
        y += height + GAP
    lanes = tuple(_lanes(long, row, ports, boxes))
    right = max((lane.x for lane in lanes), default=LEFT + BOX + LABELS)
    arrows = tuple((way.event, boxes[way.sources[0]].bottom, boxes[way.target].y) for way in short)
    return Drawing(right + LANE, y - GAP + LEFT, tuple(boxes.values()), lanes, arrows)


def _span(way: Way, row: Mapping[str, int]) -> tuple[int, int]:
    rows = [row[way.target], *(row[source] for source in way.sources)]
    return min(rows), max(rows)


def _ports(state: str, ways: list[Way]) -> list[tuple[Way, bool]]:
    """Return (way, enters here) of a state's right side from the top down."""
    found = [(way, True) for way in ways if way.target == state]
    return found + [(way, False) for way in ways if state in way.sources]


def _lanes(
    ways: list[Way],
    row: Mapping[str, int],
    ports: Mapping[str, list[tuple[Way, bool]]],
    boxes: Mapping[str, Box],
) -> list[Lane]:
    taken: list[list[tuple[int, int]]] = []
    lanes = []
    for way in ways:
        low, high = _span(way, row)
        place = next(
            (
                index
                for index, spans in enumerate(taken)
                if all(high < start or end < low for start, end in spans)
            ),
            len(taken),
        )
        if place == len(taken):
            taken.append([])
        taken[place].append((low, high))

        def port(state: str, *, enters: bool, way: Way = way) -> int:
            return boxes[state].y + 6 + PORT * ports[state].index((way, enters)) + PORT // 2

        leaves = tuple(port(source, enters=False) for source in way.sources)
        x = LEFT + BOX + LABELS + LANE * place
        lanes.append(Lane(way.event, x, port(way.target, enters=True), leaves))
    return lanes
