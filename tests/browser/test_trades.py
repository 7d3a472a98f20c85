"""Whole trades on the pages, clicked and typed as people do, in every way of looking."""

import subprocess
from pathlib import Path

import pytest

from market.demo.processes import command
from tests import people
from tests.browser import looks, trading
from tests.browser.conftest import Come
from tests.browser.eyes import Eyes
from tests.browser.looks import Look
from tests.browser.trading import Goods
from tests.flows.hall import Hall

pytestmark = pytest.mark.browser


def goods(look: Look) -> Goods:
    title = f"逐日天气 weather {'abcdefgh'[4 * (look.language == 'en') + 2 * look.scripts + look.wide]}"
    lines = ["日期,最高气温,降水", *(f"2026-01-{day:02d},{day}.5,{title}" for day in range(1, 29))]
    return Goods(title, "\n".join(lines).encode())


@pytest.mark.parametrize("look", looks.STORIES, ids=str)
def test_a_whole_trade(look: Look, come: Come, eyes: Eyes, hall: Hall, tmp_path: Path) -> None:
    operator, reviewer, auditor, provider, buyer = (come() for _person in range(5))
    good = goods(look)
    operator.sign_in(hall.operator_email, people.PASSWORD, hall.code)
    trading.invite(operator, reviewer, "reviewer: reviews registrations", hall)
    trading.invite(operator, auditor, "auditor: reads every entry with its proof", hall)
    for who, duty in (
        (provider, "provider: registers, lists and sells data"),
        (buyer, "buyer: asks for contracts, pays and accepts"),
    ):
        trading.verify(operator, trading.apply(who, duty))
    where = trading.upload(provider, good, hall)
    trading.review(reviewer, good, where, hall)
    trading.offer(provider, good, where)
    number = trading.ask(buyer, good)
    trading.sign(provider, number)
    trading.sign(buyer, number)
    hall.until(number, "contract.finalized")
    trading.pay(buyer, number, hall)
    trading.fetch(buyer, number, good, tmp_path, hall)
    trading.accept(buyer, number, good, hall)
    bundle, trust = trading.audit(auditor, number, tmp_path)
    checked = subprocess.run(
        command("verify", str(bundle), "--trust", str(trust)),
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "UNPINNED" not in checked.stdout
    eyes.judge()


@pytest.mark.parametrize("look", looks.TOURS, ids=str)
def test_a_rejected_delivery_is_ruled_on_and_refunded(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    operator, buyer = come(), come()
    number = hall.sell()
    buyer.sign_in("buyer@hall.example", people.PASSWORD)
    buyer.open(f"/trades/{number}")
    buyer.type("Reason", "与承诺不符 not what was promised")
    buyer.press("Reject the delivery")
    buyer.reads("You rejected the delivery; the operator will rule.")
    operator.sign_in(hall.operator_email, people.PASSWORD, hall.code)
    operator.menu("Trades")
    operator.follow(number)
    operator.tick("The whole price goes back to the buyer", "Ruling")
    operator.type("Reason", "承诺未兑现 the promise was broken")
    operator.press("Record the ruling")
    operator.reads("The ruling is recorded.")
    hall.until(number, "dispute.closed")
    buyer.open(f"/trades/{number}")
    buyer.reads("Reason of the ruling")
    assert hall.trade(number)["states"]["settlement"] == "REFUNDED"
    eyes.judge()


@pytest.mark.parametrize("look", looks.TOURS, ids=str)
def test_a_paid_trade_is_cancelled_and_refunded(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    number = hall.agree(hall.priced)
    hall.pay(number)
    buyer = come()
    buyer.sign_in("buyer@hall.example", people.PASSWORD)
    buyer.menu("Trades")
    buyer.follow(number)
    buyer.type("Reason", "不再需要 no longer needed")
    buyer.press("Cancel the trade")
    buyer.reads("The trade is cancelled.")
    hall.until(number, "settlement.refunded")
    buyer.open(f"/trades/{number}")
    assert hall.trade(number)["states"]["settlement"] == "REFUNDED"
    eyes.judge()
