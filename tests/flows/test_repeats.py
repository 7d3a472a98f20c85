"""Repeats of the pay step with one key, at once and one after another: one pay page, one charge, equal answers."""

import threading
import uuid
from functools import partial
from typing import Any

from market.payments.stripe import Stripe
from tests.flows.hall import Answer, Caller, Hall
from tests.market.sandbox.driver import KEY
from tests.waiting import side_by_side

REPEATS = 50


def repeated(hall: Hall, number: str, key: str) -> list[Answer]:
    """Press the same key half the times at once, each on a connection of its own, and half one after another."""
    callers = []
    for _each in range(REPEATS // 2):
        caller = Caller(hall.url, hall.buyer.label)
        caller._session.headers.update(hall.buyer._session.headers)
        callers.append(caller)
    answers: list[Answer] = []
    start = threading.Barrier(len(callers))

    def press(caller: Caller) -> None:
        start.wait()
        answers.append(pressed(caller, number, key))

    side_by_side([partial(press, caller) for caller in callers])
    return answers + [pressed(hall.buyer, number, key) for _ in range(REPEATS - len(callers))]


def pressed(caller: Caller, number: str, key: str) -> Answer:
    return caller.ask("POST", f"/api/v1/trades/{number}/payment", {}, **{"Idempotency-Key": key})


def alike(answers: list[Answer]) -> dict[str, Any]:
    """Return what all answers say; the place in the log is told as soon as the entry has one.

    A refusal names the request that it answers, which is another each time.
    """
    own = {"index", "request_id", "instance"}
    said = [{name: value for name, value in one.body.items() if name not in own} for one in answers]
    assert [one for one in said if one != said[0]] == []
    assert len({one.body.get("index") for one in answers} - {None}) <= 1
    return said[0]


def test_fifty_repeats_of_one_key_are_one_charge_and_one_answer(hall: Hall) -> None:
    number, key = hall.agree(hall.priced), uuid.uuid4().hex
    answers = repeated(hall, number, key)
    assert {one.status for one in answers} == {200}
    page = alike(answers)["checkout_url"]
    operations = hall.buyer.get(f"/api/v1/trades/{number}/money")["operations"]
    assert [(one["kind"], one["attempt"], one["state"]) for one in operations] == [("checkout", 1, "OPEN")]
    assert hall.click(number) == page
    hall.until(number, "settlement.funded")
    after = repeated(hall, number, key)
    assert {(one.status, one.code) for one in after} == {(409, alike(after)["code"])}
    api = Stripe(hall.sandbox.base, KEY)
    group = f"trade-{number}"
    (charge,) = api.charges(group)
    assert (charge.status, charge.amount) == ("succeeded", operations[0]["amount"])
    asked = [
        one for one in hall.sandbox.requests if (one.method, one.path) == ("POST", "/v1/checkout/sessions")
    ]
    assert len({one.key for one in asked if group in one.raw}) == 1
    assert hall.kinds(number).count("payment.planned") == hall.kinds(number).count("payment.opened") == 1
