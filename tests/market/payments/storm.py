"""Many payments in bad weather: lost answers, refusals by overload, events several times and in any order.

A test lets some through, ``python -m tests.bench storm`` ten thousand.
"""

from collections import Counter

import requests

from market.actor import Actor
from market.db import read
from market.migrations import metadata
from market.payments import service
from market.payments.models import Operation
from market.payments.service import Bill
from market.payments.states import OperationKind, OperationState
from market.steps import fsck
from tests.market.payments.conftest import Money, a_bill
from tests.waiting import until

PRICE, FEE, PSP_FEE = 10_000, 300, 290
OVERLOADED, LOST = 20, 10
"""Of a hundred calls, how many are refused before anything is done, and how many are done without an answer."""
ROUNDS = 40
"""Far more than it takes; each lets ten minutes pass."""


def weather(money: Money) -> None:
    for method in ("GET", "POST"):
        money.control(
            "faults", kind="refuse", status=503, method=method, percent=OVERLOADED, times=10**6, seed=1
        )
    money.control("faults", kind="lose", percent=LOST, times=10**6, seed=2)
    money.control("settings", copies=5, spread=1_200, wallet_after=900)


def pressed(money: Money, page: str, number: int) -> None:
    """Pay on an open page: by card, by wallet, or after a declined card."""
    for method in (("pm_card_visa",), ("alipay",), ("pm_card_visa_chargeDeclined", "wechat_pay"))[number % 3]:
        data = {"outcome": "pay", "method": method}
        requests.post(page, data=data, allow_redirects=False, timeout=60)


def state(money: Money, bill: Bill, kind: OperationKind) -> OperationState | None:
    return next((one.state for one in money.all(bill) if one.kind is kind), None)


def all_paid(money: Money, bills: list[Bill], buyer: Actor) -> None:
    """Let every bill be paid, however often its page must be asked for."""
    seen: set[str] = set()
    for bill in bills:
        money.plan(bill, buyer)
    left = dict(enumerate(bills))
    for _round in range(ROUNDS):
        money.work(minutes=10)
        for number, bill in left.items():
            page = next((one.url for one in money.all(bill) if one.url), None)
            if page and page not in seen:
                seen.add(page)
                pressed(money, page, number)
        left = {number: bill for number, bill in left.items() if not is_paid(money, bill)}
        if not left:
            return
    raise AssertionError(Counter(state(money, bill, OperationKind.CHECKOUT) for bill in bills))


def is_paid(money: Money, bill: Bill) -> bool:
    return state(money, bill, OperationKind.CHECKOUT) is OperationState.OK


def weathered(money: Money, provider: Actor, buyer: Actor, many: int) -> str:
    """Let many payments come in and leave again, hold the books against the platform, and tell what it took.

    Raises:
        AssertionError: a payment has not ended, ended twice, or the books differ from what the platform lists.
    """
    weather(money)
    bills = [a_bill(provider, buyer, amount=PRICE, fee=FEE) for _ in range(many)]
    all_paid(money, bills, buyer)
    released, refunded = bills[::2], bills[1::2]
    for bill in released:
        money.out(bill, service.plan_transfer)
    for bill in refunded:
        money.out(bill, service.plan_refund)
    done: list[Operation] = []
    for _round in range(ROUNDS):
        money.work(minutes=10)
        done = [one for bill in bills for one in money.all(bill) if one.kind is not OperationKind.CHECKOUT]
        if all(one.state is OperationState.OK for one in done):
            break
    assert Counter(one.state for one in done) == {OperationState.OK: many}
    requests.delete(
        f"{money.platform.base}/_sandbox/faults", auth=("sk_test_sandbox", ""), timeout=60
    ).raise_for_status()
    money.work(minutes=30)
    until(lambda: all(one["state"] == "done" for one in money.control.get("deliveries")))
    money.work(minutes=1)
    agrees(money, bills, released, refunded)
    told = money.control.get("deliveries")
    asked = Counter(heard.status for heard in money.platform.requests)
    return f"{many} payments, {sum(asked.values())} calls, {asked[503]} refused, {len(told)} webhooks: difference 0"


def agrees(money: Money, bills: list[Bill], released: list[Bill], refunded: list[Bill]) -> None:
    """Hold the books against what the platform lists."""
    api = money.stripe
    for bill in bills:
        good = [one for one in api.charges(f"trade-{bill.number}") if one.status == "succeeded"]
        assert [one.amount for one in good] == [PRICE]
        sent = [one.amount for one in api.transfers(f"trade-{bill.number}")]
        back = [one.amount for one in api.refunds(good[0].payment_intent)]
        assert (sent, back) == (([PRICE - FEE], []) if bill in released else ([], [PRICE]))
        assert money.balances(bill)[f"order_hold:{bill.number}"] == 0
        assert money.kinds(bill).count("payment.settled") == 1
    clearing = sum(money.balances(bill)["psp_clearing"] for bill in bills)
    assert clearing == len(released) * (FEE - PSP_FEE) - len(refunded) * PSP_FEE
    assert api.balance().amounts == {"cny": clearing}
    with read() as session:
        assert list(fsck.check(session, metadata())) == []
