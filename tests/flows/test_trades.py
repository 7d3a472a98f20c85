"""Whole trades over HTTP, nothing patched: every way a trade can end."""

import io
from pathlib import Path

from market.verify import main
from tests.flows.hall import Hall, ledger_faults


def states(hall: Hall, number: str) -> tuple[str | None, str, str | None]:
    """Return where settlement, acceptance and dispute stand."""
    found = hall.trade(number)["states"]
    return found["settlement"], found["acceptance"], found["dispute"]


def test_a_paid_trade_ends_with_the_provider_paid(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    hall.pay(number)
    part = hall.fetch(number, Range="bytes=0-99")
    rest = hall.fetch(number, Range="bytes=100-", **{"If-Range": part.headers["ETag"]})
    assert (part.status_code, rest.status_code) == (206, 206)
    assert hall.is_the_weather(part.content + rest.content)
    hall.until(number, "delivery.completed")
    assert hall.buyer.do(number, "acceptance").status == 200
    hall.until(number, "settlement.released")
    assert hall.kinds(number) == [
        "contract.requested",
        "contract.signed",
        "contract.signed",
        "contract.finalized",
        "payment.planned",
        "payment.opened",
        "payment.settled",
        "settlement.funded",
        "delivery.completed",
        "acceptance.accepted",
        "transfer.planned",
        "transfer.made",
        "settlement.released",
    ]
    assert states(hall, number) == ("RELEASED", "ACCEPTED", None)
    receipt = hall.buyer.get(f"/api/v1/trades/{number}/receipt")
    assert receipt["digest"] == hall.weather.digest


def test_open_data_need_no_payment(hall: Hall) -> None:
    number = hall.agree(hall.free)
    assert hall.buyer.do(number, "payment").status == 409
    hall.receive(number)
    assert hall.buyer.do(number, "acceptance").status == 200
    assert states(hall, number) == (None, "ACCEPTED", None)
    assert not [kind for kind in hall.kinds(number) if kind.startswith(("payment", "settlement", "transfer"))]


def test_cancelled_before_delivery_the_price_goes_back(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    hall.pay(number)
    assert hall.buyer.do(number, "cancellation", reason="no longer needed").status == 200
    hall.until(number, "settlement.refunded")
    assert states(hall, number)[0] == "REFUNDED"
    assert hall.fetch(number).status_code in {403, 409}


def test_cancelled_before_payment_nothing_moves(hall: Hall) -> None:
    number = hall.agree(hall.priced)
    assert hall.buyer.do(number, "cancellation", reason="no longer needed").status == 200
    assert states(hall, number)[0] == "CANCELLED"
    assert hall.buyer.do(number, "payment").status == 409


def test_rejected_and_ruled_for_the_buyer_the_price_goes_back(hall: Hall) -> None:
    number = hall.sell()
    assert hall.buyer.do(number, "rejection", reason="not what was promised").status == 200
    assert hall.buyer.do(number, "acceptance").status == 409
    assert hall.operator.do(number, "ruling", outcome="refund", reason="promise broken").status == 200
    hall.until(number, "dispute.closed")
    assert states(hall, number) == ("REFUNDED", "REJECTED", "CLOSED")
    assert "refund.made" in hall.kinds(number)


def test_rejected_and_ruled_for_the_provider_the_price_is_released(hall: Hall) -> None:
    number = hall.sell()
    assert hall.buyer.do(number, "rejection", reason="changed our mind").status == 200
    ruling = {"outcome": "release", "reason": "as promised"}
    assert hall.buyer.do(number, "ruling", **ruling).status == 403
    assert hall.operator.do(number, "ruling", **ruling).status == 200
    hall.until(number, "dispute.closed")
    assert states(hall, number)[::2] == ("RELEASED", "CLOSED")
    assert hall.operator.do(number, "ruling", **ruling).status == 200
    assert hall.operator.do(number, "ruling", outcome="refund", reason="as promised").status == 409


def test_a_request_can_be_declined_or_withdrawn(hall: Hall) -> None:
    declined, withdrawn = hall.ask_for(hall.priced), hall.ask_for(hall.priced)
    refusal = hall.provider.ask("POST", f"/api/v1/contracts/{declined}/refusal", {"reason": "not now"})
    back = hall.buyer.ask("POST", f"/api/v1/contracts/{withdrawn}/withdrawal", {})
    assert (refusal.status, back.status) == (200, 200)
    assert hall.sign(hall.provider, declined).status == 409
    assert hall.sign(hall.provider, withdrawn).status == 409


def test_deadlines_end_what_nobody_ends(later: Hall) -> None:
    """Silence is acceptance; an unpaid trade is cancelled; an unsigned request expires."""
    delivered, unpaid, unsigned = later.sell(), later.agree(later.priced), later.ask_for(later.priced)
    later.clock.advance(days=7, hours=1)
    later.until(delivered, "settlement.released")
    assert "acceptance.deemed" in later.kinds(delivered)
    assert states(later, delivered) == ("RELEASED", "DEEMED", None)
    later.clock.advance(days=7)
    later.until(unpaid, "trade.cancelled")
    assert states(later, unpaid)[0] == "CANCELLED"
    path = f"/api/v1/contracts/{unsigned}"
    later.settled(lambda: later.buyer.get(path)["state"] == "TERMINATED", "the expiry of a request")
    assert later.sign(later.provider, unsigned).status == 409
    assert ledger_faults(later) == []


def test_an_agreement_that_is_ended_leaves_a_duty_that_is_performed(later: Hall, tmp_path: Path) -> None:
    """Notice, its end, the duty to delete and the certificate; the bundle of it all convinces a stranger."""
    number = later.sell()
    later.buyer.do(number, "acceptance")
    later.until(number, "settlement.released")
    unwanted = later.provider.do(number, "termination", ground="notice", reason="we changed our mind")
    assert unwanted.code == "termination.not_agreed"
    notice = {"ground": "breach", "reason": "the data were passed on"}
    assert later.provider.do(number, "termination", **notice).body["kind"] == "notice.given"
    assert later.buyer.do(number, "retraction").code == "notice.not_yours"
    later.clock.advance(days=15, hours=1)
    later.until(number, "agreement.terminated")
    assert later.fetch(number).status_code in {403, 409}
    found = later.trade(number)
    assert (found["next"]["what"], found["duty"]["state"]) == ("delete", "OWED")
    said = {"deleted_on": later.clock().date().isoformat(), "copies": "both copies", "method": "overwritten"}
    assert later.buyer.do(number, "deletion", deleted_on=said["deleted_on"]).code == "duty.not_certified"
    assert later.buyer.do(number, "deletion", **said).body["kind"] == "duty.performed"
    assert later.trade(number)["duty"]["state"] == "PERFORMED"
    assert ledger_faults(later) == []
    archive = tmp_path / "bundle.zip"
    archive.write_bytes(later.bundle(number))
    out = io.StringIO()
    assert main(archive, None, out) == 0, out.getvalue()


def test_after_all_of_it_the_ledger_and_the_rows_agree(hall: Hall) -> None:
    number = hall.sell()
    hall.buyer.do(number, "acceptance")
    hall.until(number, "settlement.released")
    assert ledger_faults(hall) == []
