"""Trades of which the buyer's bank took a part: a stranger holds what is left against what the banks took."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from ledger.entry import Entry
from ledger.note import parse_signer
from market import jobs
from market.db import transaction
from market.keys import files as key_files
from market.payments import outcomes
from market.payments.states import OperationKind, OperationState
from market.trades import charging_back, decisions, redressing
from market.trades.dispute import Ruling
from tests import chargebacks, evidence, people, trades
from tests.conftest import LEDGER_KEY, sqlite_urls
from tests.deals import Deal
from tests.market.verify.conftest import Change, Sold, failed
from tests.market.verify.test_forged_rows import rows

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("unset")]
PARTS = [
    {"label": "on signing", "share": "0.3", "days": 7},
    {"label": "soon after", "share": "0.5", "days": 9},
    {"label": "the rest", "share": "0.2", "days": 60},
]
LOST = 10_000
"""What the bank takes of the first payment that is divided; 12,000 of it go to the buyer."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Sold]]:
    """Return the evidence of each story, made when it is asked for."""
    home = tmp_path_factory.mktemp("charged_back")
    found: dict[str, Sold] = {}
    deals: list[Deal] = []
    with evidence.exchange(sqlite_urls(home), home) as app:
        trades.platform(app)

        def story(name: str) -> Sold:
            if name not in found:
                files = evidence_of(app, name, deals)
                key = key_files.load_or_make_manifest(home / "keys", "manifest")
                found[name] = Sold(files, parse_signer(LEDGER_KEY), key.sign)
            return found[name]

        yield story


def evidence_of(app: Flask, name: str, deals: list[Deal]) -> dict[str, bytes]:
    deal = trades.in_force(100_000, beside=deals[0] if deals else None, further={"price.milestones": PARTS})
    deals.append(deal)
    trades.fetched(trades.paid(trades.paid(deal)))
    STORIES[name](app, deal)
    return evidence.bundle(deal.buyer, deal.number)


def lose(deal: Deal, place: int, amount: int | None = None) -> None:
    found = chargebacks.questioned(deal.number, amount=amount, place=place)
    jobs.drain()
    chargebacks.lost(found)
    jobs.drain()


def others_go_back(_app: Flask, deal: Deal) -> None:
    lose(deal, 1)
    assert stands(deal) == "REFUNDED/REFUNDED/CANCELLED"


def others_wait(_app: Flask, deal: Deal) -> None:
    reject(deal)
    lose(deal, 1)
    rule(deal, Ruling.RELEASE)
    assert stands(deal) == "REFUNDED/RELEASED/CANCELLED"


def divided(kind: OperationKind) -> Callable[[Flask, Deal], None]:
    """Return the story of a ruling of which one way waits, when the bank takes a part of the first payment."""

    def story(app: Flask, deal: Deal) -> None:
        def perform(operation_id: str) -> None:
            if outcomes.get(uuid.UUID(operation_id)).kind is not kind:
                trades._perform(operation_id)
            else:
                waiting.append(operation_id)

        waiting: list[str] = []
        reject(deal)
        app.extensions["handlers"]["payment.perform"] = perform
        rule(deal, Ruling.DIVIDE, 32_000)
        trades.platform(app)
        lose(deal, 1, LOST)
        trades._perform(waiting[1])
        jobs.drain()
        assert stands(deal) == "PARTIAL/PARTIAL/DUE"

    return story


def reduced_then_divided(_app: Flask, deal: Deal) -> None:
    reject(deal)
    lose(deal, 1, LOST)
    rule(deal, Ruling.DIVIDE, 32_000)
    assert stands(deal) == "PARTIAL/PARTIAL/DUE"


def redressed(_app: Flask, deal: Deal) -> None:
    """A redress of the first is under way when the second is lost."""
    trades.closed(deal)
    chief = people.operator()
    with transaction() as session:
        redressing.order(session, chief, deal.number, 20_000, "a column was empty")
    found = chargebacks.questioned(deal.number, place=2)
    chargebacks.lost(found)
    charging_back.on_over(deal.number, str(found.id))
    jobs.drain()
    assert stands(deal) == "RELEASED/RELEASED/CANCELLED"


def astray(app: Flask, deal: Deal) -> None:
    """The bank takes a part of what came too late, before it went back."""
    app.extensions["handlers"]["payment.perform"] = lambda operation_id: None
    trades.astray(deal)
    trades.platform(app)
    found = chargebacks.questioned(deal.number, amount=LOST, state=OperationState.STRAY)
    chargebacks.lost(found)
    jobs.drain()
    assert not any(name.startswith("suspense:") for name in trades.balances(deal))


STORIES: dict[str, Callable[[Flask, Deal], None]] = {
    "others go back": others_go_back,
    "others wait": others_wait,
    "the provider had its part": divided(OperationKind.REFUND),
    "the buyer had its part": divided(OperationKind.TRANSFER),
    "reduced, then divided": reduced_then_divided,
    "redressed": redressed,
    "astray": astray,
}


def stands(deal: Deal) -> str:
    return "/".join(one.state.value for one in trades.rows(deal).settlements)


def reject(deal: Deal) -> None:
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, "a third is missing")


def rule(deal: Deal, ruling: Ruling, refund: int | None = None) -> None:
    chief = people.operator()
    with transaction() as session:
        decisions.rule(session, chief, deal.number, ruling, "measured again", refund)
    jobs.drain()


@pytest.mark.parametrize("story", STORIES)
def test_what_is_left_of_it_goes_where_it_belongs(made: Callable[[str], Sold], story: str) -> None:
    sold = made(story)
    report = sold.verify(sold.files)
    assert report.consistent, report.text()


def forged(**values: Any) -> Change:
    """Change the first instalment wherever banks have taken something of it."""

    def change(value: Any, _entry: Entry) -> None:
        if isinstance(value, dict) and value.get("table") == "settlement" and value.get("charged_back"):
            value.update(values)

    return change


def parted(**values: Any) -> Change:
    """Change every image of the second instalment, of which no bank took anything."""
    return rows_of(2, **values)


def rows_of(ordinal: int, **values: Any) -> Change:
    def change(value: Any, _entry: Entry) -> None:
        if isinstance(value, dict) and value.get("table") == "settlement" and value["ordinal"] == ordinal:
            value.update(values)

    return change


def left_by_the_bank(kind: str) -> Change:
    """Let a movement and its books say that it left by the bank."""

    def change(value: Any, entry: Entry) -> None:
        if not isinstance(value, dict) or entry.kind != kind:
            return
        if value.get("table") == "operation":
            value["processor"] = "bank"
        if value.get("table") == "posting" and value["credit"] == "psp_clearing":
            value["credit"] = "bank"

    return change


@pytest.mark.parametrize(
    ("story", "change", "sentence"),
    [
        ("others wait", parted(charged_back=1), "more was taken back than the banks took"),
        (
            "others wait",
            rows("settlement", "settlement.released", charged_back=1, fee=0),
            "more was taken back than the banks took",
        ),
        (
            "the provider had its part",
            forged(charged_back=LOST + 1),
            "more was taken back than the banks took",
        ),
        ("the provider had its part", forged(charged_back=LOST - 1), "the price is divided as nobody ruled"),
        ("others go back", forged(charged_back=29_999), "less was taken back than the banks took"),
        ("the provider had its part", forged(refund=1_999), "the price is divided as nobody ruled"),
        ("the provider had its part", forged(fee=1), "the fee is not that of the part released"),
        ("the buyer had its part", forged(refund=2_000), "the price is divided as nobody ruled"),
        ("the buyer had its part", forged(fee=540), "the fee is not that of the part released"),
        ("reduced, then divided", rows("settlement", "settlement.reduced", fee=900), "the fee is not that"),
        ("reduced, then divided", rows("settlement", "dispute.ruled", charged_back=0), "a bank gave back"),
        ("astray", rows("operation", "chargeback.lost", amount=9_000), "is not sent back as it came"),
        ("others go back", left_by_the_bank("refund.made"), "left another way than the payment came in"),
        ("others wait", left_by_the_bank("transfer.made"), "left another way than the payment came in"),
    ],
)
def test_what_the_banks_did_not_take_frees_nothing(
    made: Callable[[str], Sold], story: str, change: Change, sentence: str
) -> None:
    sold = made(story)
    report = sold.verify(sold.forged(change))
    assert failed(report) == ["money"], report.text()
    assert sentence in report.text()


def test_a_redress_is_repaid_by_a_chargeback_of_its_own_instalment(made: Callable[[str], Sold]) -> None:
    sold = made("redressed")
    other: list[str] = []

    def note(value: Any, _entry: Entry) -> None:
        if isinstance(value, dict) and value.get("table") == "operation" and value["kind"] == "checkout":
            other.append(value["id"])

    def change(value: Any, _entry: Entry) -> None:
        if isinstance(value, dict) and "chargeback_id" in value and value["table"] == "posting":
            value["operation_id"] = other[0] if value["chargeback_id"] else value["operation_id"]
        if isinstance(value, dict) and value.get("table") == "chargeback":
            value["operation_id"] = other[0]

    sold.forged(note)
    report = sold.verify(sold.forged(change))
    assert failed(report) == ["money"], report.text()
    assert "a redress is repaid by a chargeback of another instalment" in report.text()
