"""Chargebacks: the bank takes money back, and nothing of it moves twice, whatever was on its way.

The crash tests walk every moment at which a process can end, before and after each step and each call, for a
chargeback that is won, lost while the money is held, and lost when part of it was released.
"""

import json
import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from market import clock, jobs
from market.actor import Actor
from market.db import read, transaction
from market.errors import Conflict
from market.payments import outcomes, performing, polling, service
from market.payments.chargebacks import answering, recording, watching
from market.payments.chargebacks.states import Answer, ChargebackState
from market.payments.models import Chargeback, Operation, WebhookEvent
from market.payments.reconciliation import gathering
from market.payments.reconciliation.matching import Outcome
from market.payments.service import Bill
from market.payments.states import OperationState
from tests.conftest import CI
from tests.market.payments.conftest import Money
from tests.market.payments.dividing import Killed, balanced, moved
from tests.waiting import until

SYSTEM = Actor.system("test")
FEE = 1_500
"""What the stand-in asks for a chargeback."""


def question(money: Money, paid: Operation, *, told: bool = True, **values: Any) -> str:
    """Let the bank take the payment back, or ask; return the platform's number of it, once it has told us."""
    before = money.told("charge.dispute.created")
    made = money.control("disputes", charge=paid.charge, **values)
    until(lambda: not told or money.told("charge.dispute.created") > before)
    return str(made["id"])


def decide(money: Money, dispute: str, status: str, *, told: bool = True) -> None:
    before = money.told("charge.dispute.closed")
    money.control(f"disputes/{dispute}", status=status)
    until(lambda: not told or money.told("charge.dispute.closed") > before)


def heard(money: Money) -> None:
    """Let the exchange look at everything the platform has told of."""
    money.work(minutes=5)
    money.work(minutes=5)


def rows(bill: Bill) -> list[Chargeback]:
    with read() as session:
        return service.chargebacks_of(session, bill.number)


def only(bill: Bill) -> Chargeback:
    (row,) = rows(bill)
    return row


def refused(money: Money, bill: Bill, way: Callable[..., Operation]) -> str:
    with pytest.raises(Conflict) as refusal:
        money.out(bill, way)
    return refusal.value.code


def test_one_that_is_open_stops_both_ways_and_won_lets_them_go(
    money: Money, bill: Bill, buyer: Actor
) -> None:
    paid = money.funded(bill, buyer)
    dispute = question(money, paid)
    heard(money)
    row = only(bill)
    assert (row.state, row.amount, row.withdrawn, row.fee) == (ChargebackState.OPEN, 19_900, 19_900, FEE)
    assert row.due_at is not None
    assert row.due_at > clock.now()
    assert refused(money, bill, service.plan_transfer) == "chargeback.open"
    assert refused(money, bill, service.plan_refund) == "chargeback.open"
    books = balanced(money, bill)
    assert books[f"dispute_suspense:{bill.number}"] == 19_900
    assert books[f"order_hold:{bill.number}"] == -19_900
    decide(money, dispute, "won")
    heard(money)
    assert only(bill).state is ChargebackState.WON
    money.out(bill, service.plan_transfer)
    heard(money)
    books = balanced(money, bill)
    assert books[f"dispute_suspense:{bill.number}"] == books[f"order_hold:{bill.number}"] == 0
    assert money.followed[1:] == [
        ("chargeback.opened", bill.number), ("chargeback.over", bill.number), ("transfer.made", bill.number),
    ]  # fmt: skip
    with read() as session:
        assert session.query(WebhookEvent).filter(WebhookEvent.handled_at.is_(None)).count() == 0


def test_lost_while_held_is_covered_by_the_hold(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    dispute = question(money, paid)
    heard(money)
    decide(money, dispute, "lost")
    heard(money)
    row = only(bill)
    assert (row.state, row.covered, row.borne) == (ChargebackState.LOST, 19_900, 0)
    books = balanced(money, bill)
    assert books[f"dispute_suspense:{bill.number}"] == books[f"order_hold:{bill.number}"] == 0
    assert moved(money, bill) == {"transfer": [], "refund": [], "reversal": []}
    assert refused(money, bill, service.plan_transfer) == "settlement.spent"
    assert refused(money, bill, service.plan_refund) == "settlement.spent"


def test_a_part_that_is_lost_leaves_the_rest(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    dispute = question(money, paid, amount=6_650)
    heard(money)
    decide(money, dispute, "lost")
    heard(money)
    assert refused(money, bill, service.plan_transfer) == "settlement.spent"
    rest = replace(bill, charged_back=6_650, fee=397)
    money.out(rest, service.plan_transfer)
    heard(money)
    assert moved(money, bill) == {"transfer": [19_900 - 6_650 - 397], "refund": [], "reversal": []}
    books = balanced(money, bill)
    assert books[f"order_hold:{bill.number}"] == 0
    assert books["fee_revenue"] == -397


@pytest.mark.parametrize("way", [service.plan_transfer, service.plan_refund], ids=["transfer", "refund"])
@pytest.mark.parametrize("verdict", ["won", "lost"])
def test_what_was_planned_when_it_came_waits_and_is_not_doubled(
    money: Money, bill: Bill, buyer: Actor, way: Callable[..., Operation], verdict: str
) -> None:
    paid = money.funded(bill, buyer)
    planned = money.out(bill, way)
    dispute = question(money, paid)
    watching.look_at(dispute)
    heard(money)
    assert money.get(planned).state is OperationState.PLANNED
    money.work(hours=1)
    decide(money, dispute, verdict)
    heard(money)
    after = money.get(planned)
    if verdict == "won":
        assert after.state is OperationState.OK
        assert sum(map(len, moved(money, bill).values())) == 1
    else:
        assert (after.state, after.failure) == (OperationState.FAILED, outcomes.CHARGED_BACK)
        money.work(hours=30)
        assert sum(map(len, moved(money, bill).values())) == 0
    assert balanced(money, bill)[f"order_hold:{bill.number}"] == 0


def test_a_transfer_whose_answer_was_lost_is_found_before_a_loss_is_borne(
    money: Money, bill: Bill, buyer: Actor
) -> None:
    paid = money.funded(bill, buyer)
    money.control("faults", kind="lose", path="/v1/transfers", times=4)
    planned = money.out(bill, service.plan_transfer)
    money.work()
    assert money.get(planned).state is OperationState.PLANNED
    dispute = question(money, paid)
    watching.look_at(dispute)
    decide(money, dispute, "lost")
    heard(money)
    assert money.get(planned).state is OperationState.OK
    row = only(bill)
    assert (row.state, row.covered) == (ChargebackState.LOST, 0)
    assert balanced(money, bill)[f"dispute_suspense:{bill.number}"] == 19_900


def test_a_loss_waits_for_a_call_that_may_be_under_way(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    money.out(bill, service.plan_transfer)
    dispute = question(money, paid)
    watching.look_at(dispute)
    decide(money, dispute, "lost")
    watching.look_at(dispute)
    assert only(bill).state is ChargebackState.OPEN
    money.clock.advance(minutes=16)
    watching.look_at(dispute)
    assert only(bill).state is ChargebackState.LOST
    heard(money)
    assert moved(money, bill)["transfer"] == []


def test_an_inquiry_takes_nothing_and_stops_what_leaves(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    dispute = question(money, paid, inquiry=True)
    heard(money)
    assert (only(bill).state, only(bill).withdrawn) == (ChargebackState.INQUIRY, 0)
    assert refused(money, bill, service.plan_refund) == "chargeback.open"
    decide(money, dispute, "warning_closed")
    heard(money)
    assert only(bill).state is ChargebackState.CLOSED
    money.out(bill, service.plan_refund)
    heard(money)
    assert balanced(money, bill)[f"order_hold:{bill.number}"] == 0


@pytest.mark.parametrize("lie", [{"amount": 19_901}, {"currency": "usd"}, {"charge": "ch_another"}])
def test_one_that_is_not_about_just_this_payment_is_parked(
    money: Money, bill: Bill, buyer: Actor, lie: dict[str, Any]
) -> None:
    paid = money.funded(bill, buyer)
    money.control("settings", webhooks="hold")
    dispute = question(money, paid, told=False)
    money.control(f"objects/{dispute}", **lie)
    assert watching.look_at(dispute) is False
    assert rows(bill) == []


def test_a_foreign_one_and_an_unknown_one(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    assert watching.look_at("du_unknown") is False
    dispute = question(money, paid)
    money.control(f"objects/{paid.payment_intent}", metadata={})
    money.control(f"objects/{dispute}", payment_intent="")
    assert watching.look_at(dispute) is True
    assert rows(bill) == []


def test_without_any_webhook_the_list_brings_it(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    money.control("settings", webhooks="hold")
    dispute = question(money, paid, told=False)
    polling.seed()
    heard(money)
    assert only(bill).state is ChargebackState.OPEN
    decide(money, dispute, "won", told=False)
    money.work(hours=2)
    assert only(bill).state is ChargebackState.WON


def test_reports_match_what_a_chargeback_moved(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    first, begin = question(money, paid), clock.now()
    money.clock.advance(seconds=5)
    unseen = gathering.gather(begin.replace(hour=0), clock.now())
    assert [line.outcome for line in unseen.lines if line.source == first] == [Outcome.PENDING]
    heard(money)
    seen = gathering.gather(begin.replace(hour=0), clock.now())
    assert {line.outcome for line in seen.lines} == {Outcome.MATCHED}
    decide(money, first, "won")
    heard(money)
    seen = gathering.gather(begin.replace(hour=0), clock.now())
    assert {line.outcome for line in seen.lines} == {Outcome.MATCHED}
    assert [account.difference for account in seen.accounts] == [0]


def answer(row: Chargeback, what: Answer) -> None:
    with transaction() as session:
        service.plan_answer(session, SYSTEM, row.id, what, {"uncategorized_text": "winning_evidence"})


@pytest.mark.parametrize("fault", [None, "lose", "break", "refuse"])
def test_evidence_is_submitted_once_whatever_is_lost(
    money: Money, bill: Bill, buyer: Actor, fault: str | None
) -> None:
    paid = money.funded(bill, buyer)
    dispute = question(money, paid)
    heard(money)
    answer(only(bill), Answer.CONTEST)
    answer(only(bill), Answer.CONTEST)
    with pytest.raises(Conflict) as refusal:
        answer(only(bill), Answer.CONCEDE)
    assert refusal.value.code == "chargeback.answered"
    if fault:
        money.control(
            "faults", kind=fault, path=f"/v1/disputes/{dispute}", method="POST", times=1 if fault == "break" else 4,
            **({"status": 500} if fault == "refuse" else {}),
        )  # fmt: skip
    money.work()
    for _turn in range(4):
        money.work(minutes=16)
    row = only(bill)
    assert row.answered_at is not None
    assert row.state is ChargebackState.WON
    assert money.stripe.dispute(dispute).submissions == 1
    assert json.loads(row.evidence or "") == {"uncategorized_text": "winning_evidence"}


def test_a_loss_can_be_accepted_and_a_refused_answer_given_again(
    money: Money, bill: Bill, buyer: Actor
) -> None:
    paid = money.funded(bill, buyer)
    dispute = question(money, paid)
    heard(money)
    money.control("faults", kind="refuse", path=f"/v1/disputes/{dispute}/close", status=400)
    answer(only(bill), Answer.CONCEDE)
    money.work()
    assert only(bill).answer is None
    answer(only(bill), Answer.CONCEDE)
    heard(money)
    assert (only(bill).state, only(bill).covered) == (ChargebackState.LOST, 19_900)
    with pytest.raises(Conflict) as refusal:
        answer(only(bill), Answer.CONTEST)
    assert refusal.value.code == "chargeback.answered"
    balanced(money, bill)


PLACES = [
    (recording, "opened"), (recording, "changed"), (recording, "ended"), (recording, "lost"),
    (answering, "_send"), (answering, "_answered"), (performing, "look_up"), (performing, "_record"),
    (watching, "look_at"), (watching, "_record"),
]  # fmt: skip
STORIES = ["won", "lost", "part"]
MOMENTS = [
    (story, place, when) for story in STORIES for place in range(len(PLACES)) for when in ("before", "after")
]
WALK = MOMENTS if CI else random.Random("chargebacks").sample(MOMENTS, 8)
"""All of them in continuous integration, else a few."""


@pytest.mark.parametrize(("story", "place", "when"), WALK)
def test_a_process_that_ends_anywhere_books_it_once(
    money: Money, bill: Bill, buyer: Actor, monkeypatch: pytest.MonkeyPatch, story: str, place: int, when: str
) -> None:
    paid = money.funded(bill, buyer)
    planned = money.out(bill, service.plan_transfer)
    dispute = question(money, paid, amount=6_650 if story == "part" else 19_900)
    where, name = PLACES[place]
    _die(monkeypatch, where, name, when)

    def go(step: Callable[[], object]) -> None:
        try:
            step()
        except Killed:
            money.clock.advance(minutes=2)

    go(lambda: watching.look_at(dispute))
    watching.look_at(dispute)
    for _turn in range(2):
        go(lambda: money.work(minutes=16))
    if story == "won":
        answer(only(bill), Answer.CONTEST)
    else:
        go(lambda: money.work(minutes=16))
        answer(only(bill), Answer.CONCEDE)
    for _turn in range(5):
        go(lambda: money.work(minutes=16))
    row = only(bill)
    expected = ChargebackState.WON if story == "won" else ChargebackState.LOST
    assert row.state is expected
    assert row.answered_at is not None
    kinds = money.kinds(bill)
    assert [kinds.count(kind) for kind in ("chargeback.opened", "chargeback.answered")] == [1, 1]
    assert kinds.count("chargeback.won") + kinds.count("chargeback.lost") == 1
    books = balanced(money, bill)
    assert books[f"dispute_suspense:{bill.number}"] == 0
    left = {"won": 0, "lost": 0, "part": 19_900 - 6_650}[story]
    assert books[f"order_hold:{bill.number}"] == -left
    assert moved(money, bill)["transfer"] == ([19_303] if story == "won" else [])
    assert money.get(planned).state is (OperationState.OK if story == "won" else OperationState.FAILED)
    assert books["psp_fee_expense"] > (0 if story == "won" else FEE)


def _die(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, when: str) -> None:
    """End the process at a place, once; the next process lives."""
    real = getattr(where, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(where, name, real)
        if when == "after":
            real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(where, name, dying)


def test_shuffled_and_repeated_events_tell_the_same_story(money: Money, bill: Bill, buyer: Actor) -> None:
    paid = money.funded(bill, buyer)
    money.control("settings", webhooks="hold")
    dispute = question(money, paid, told=False)
    watching.look_at(dispute)
    chance = random.Random("chargebacks")
    types = ["created", "funds_withdrawn", "updated", "closed", "funds_reinstated"] * 8
    chance.shuffle(types)
    before = money.kinds(bill)
    with transaction() as session:
        for type in types:
            id = f"evt_{uuid.uuid4().hex}"
            session.add(
                WebhookEvent(
                    id=id, type=f"charge.dispute.{type}", object_id=dispute, body_digest="0" * 64,
                    received_at=clock.now(),
                )
            )  # fmt: skip
            jobs.queue(session, "webhook.received", event_id=id)
    money.work()
    assert money.kinds(bill) == before
    assert only(bill).state is ChargebackState.OPEN
