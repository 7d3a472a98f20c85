"""Books against platform over HTTP, nothing patched: what differs is found, told and answered for."""

import requests

from market.payments.stripe import VERSION
from tests import people
from tests.flows.hall import KEY, Caller, Hall, Json, ledger_faults
from tests.flows.reconciling import asked, strangers_payment


def listed(hall: Hall, what: str, **query: str) -> list[Json]:
    url, spoken = f"{hall.sandbox.base}/v1/{what}", {"Stripe-Version": VERSION}
    answer = requests.get(url, params=query, auth=(KEY, ""), headers=spoken, timeout=60)
    return list(answer.json()["data"])


def movement(hall: Hall, number: str, what: str) -> str:
    """Return the platform's number of the movement of a trade's charge or transfer."""
    (found,) = listed(hall, what, transfer_group=f"trade-{number}")
    return str(found["balance_transaction"])


def second(hall: Hall) -> Caller:
    """Return another operator."""
    email = "second@hall.example"
    invited = hall.operator.post("/api/v1/members/invitations", {"email": email, "roles": ["operator"]})
    body = {"name": "值班", "password": people.PASSWORD}
    Caller(hall.url, "second").post(f"/api/v1/invitations/{invited['token']}", body)
    return hall.enrolled("second", email)


def test_what_differs_is_found_told_and_signed_off_by_a_second_person(later: Hall) -> None:
    released, held = later.sell(), later.agree(later.priced)
    later.buyer.do(released, "acceptance")
    later.until(released, "settlement.released")
    later.pay(held)
    good = asked(later)
    assert (good["differences"], good["lines"]) == (0, [])
    assert [(one["outcome"], one["count"]) for one in good["outcomes"]] == [("matched", 3)]
    assert good["accounts"][0]["platform"] == good["accounts"][0]["books"]

    strangers_payment(later)
    later.control(f"objects/{movement(later, held, 'charges')}", amount=1, net=-576)
    gone = f"{later.sandbox.base}/_sandbox/objects/{movement(later, released, 'transfers')}"
    requests.delete(gone, auth=(KEY, ""), timeout=60).raise_for_status()
    bad = asked(later)
    told = {line["outcome"]: line["trade"] for line in bad["lines"]}
    assert told == {"amount": held, "books": released, "platform": None}
    assert bad["differences"] == 4  # the balance is not explained either
    alarms = {alarm["kind"] for alarm in later.operator.get("/api/v1/money-desk")["alarms"]}
    assert alarms == {"differences"}

    path = f"/api/v1/reconciliations/{bad['id']}"
    file = later.operator._session.get(f"{later.url}{path}/lines.csv", timeout=60)
    assert "attachment" in file.headers["Content-Disposition"]
    assert file.content.startswith(b"\xef\xbb\xbfoutcome,")
    assert later.buyer.ask("GET", path).status == 403
    note = {"note": "查明：三笔均已更正。"}
    assert later.operator.ask("POST", f"{path}/sign-off", note).code == "reconciliation.same_person"
    other = second(later)
    assert other.ask("POST", f"{path}/sign-off", {}).code == "reconciliation.reason_missing"
    signed = other.ask("POST", f"{path}/sign-off", note)
    assert (signed.status, signed.body["state"]) == (200, "SIGNED")
    assert other.ask("POST", f"{path}/sign-off", note).body["entry_id"] == signed.body["entry_id"]
    assert later.operator.get("/api/v1/money-desk")["alarms"] == []
    assert later.operator.get(f"/api/v1/trades/{held}")["states"]["settlement"] == "FUNDED"
    assert ledger_faults(later) == []


def test_money_that_only_an_event_tells_of_is_found_without_webhooks(later: Hall) -> None:
    """A page that is over is looked at by nobody; the platform's list of events tells that it was paid."""
    later.control("settings", webhooks="off")
    number = later.agree(later.priced)
    page = str(later.buyer.post(f"/api/v1/trades/{number}/payment")["checkout_url"])
    session = page.rpartition("/")[2]
    later.control(f"objects/{session}", status="expired")
    later.clock.advance(minutes=2)
    later.until(number, "payment.expired")
    later.control(f"objects/{session}", status="open", expires_at=2**40)
    requests.post(page, data={"outcome": "pay"}, timeout=60, allow_redirects=False).raise_for_status()
    later.clock.advance(minutes=6)
    later.until(number, "payment.returned")
    assert asked(later)["differences"] == 0
