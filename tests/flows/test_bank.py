"""Whole trades paid by bank transfer: over HTTP, two people for every movement, nothing patched."""

import io
import threading
from pathlib import Path
from typing import Any

from market.verify import main
from tests.flows import banking
from tests.flows.banking import PDF, confirm, executed, order, send, statement, waiting
from tests.flows.hall import Answer, Hall, ledger_faults
from tests.flows.reconciling import asked

PRICE, FEE = "268.00", 804


def announced(hall: Hall) -> tuple[str, dict[str, Any]]:
    number = hall.agree(hall.priced)
    answer = hall.buyer.do(number, "bank-transfer")
    assert answer.status == 200, answer
    return number, answer.body


def consistent(hall: Hall, number: str, folder: Path) -> bool:
    bundle = folder / f"{number}.zip"
    bundle.write_bytes(hall.bundle(number))
    return main(bundle, None, io.StringIO()) == 0


def test_a_trade_paid_by_statement_and_released_by_an_order(later: Hall, tmp_path: Path) -> None:
    hall = later
    refused = hall.agree(hall.priced)
    assert hall.buyer.do(refused, "bank-transfer").code == "bank.not_offered"
    other = banking.open_accounts(hall)
    number, told = announced(hall)
    assert hall.buyer.do(number, "bank-transfer").body["reference"] == told["reference"]
    assert (told["amount"], told["account"]["institution"]) == (26_800, "示例支付有限公司")
    assert hall.buyer.do(number, "payment").code == "payment.by_bank"
    assert hall.provider.do(number, "bank-transfer").status == 403
    path = f"/trades/{number}/bank-transfer/proof"
    assert send(hall.buyer, path, "proof.html", b"<html>").code == "proof.wrong_file"
    assert send(hall.buyer, path, "proof.pdf", PDF).status == 200
    sent = hall.operator._session.get(f"{hall.url}/api/v1{path}", timeout=60)
    assert (sent.content, "attachment" in sent.headers["Content-Disposition"]) == (PDF, True)
    assert hall.provider.ask("GET", f"/api/v1{path}").status == 403
    assert hall.trade(number)["states"]["settlement"] == "DUE"

    file = statement(
        hall, ("N1", "268.00", "收", told["reference"]), ("N2", "9.00", "收", "无"), encoding="gb18030"
    )
    broken = file.replace(b"9.00", b"nine")
    assert send(hall.operator, "/bank-statements", "day.csv", broken).code == "bank_statement.wrong"
    assert waiting(other) == {}
    first = send(hall.operator, "/bank-statements", "day.csv", file, closing="277.00")
    assert (first.status, first.body["added"]) == (200, 2), first
    again = send(other, "/bank-statements", "day.csv", file)
    assert (again.body["added"], again.body["known"], again.body["entry_id"]) == (0, 2, None)
    lines = waiting(other)
    assert {one["serial"]: one["match"] for one in lines.values()} == {"N1": "matched", "N2": "unknown"}
    assert confirm(hall.operator, lines["N1"]["id"]).code == "bank_line.same_person"
    assert hall.buyer.do(number, "bank-transfer/withdrawal").code == "payment.arriving"
    answers = race(hall, other, lines["N1"]["id"])
    assert sorted(one.status for one in answers) == [200, 200]
    assert len({one.body["entry_id"] for one in answers}) == 1
    hall.until(number, "settlement.funded")
    reason = {"reason": "利息，与交易无关"}
    assert other.ask("POST", f"/api/v1/bank-lines/{lines['N2']['id']}/dismissal", reason).status == 200
    (balance,) = other.get("/api/v1/bank-desk")["balances"]
    assert (balance["books"], balance["set_aside"], balance["difference"]) == (26_800, 900, 0)

    hall.receive(number)
    assert hall.buyer.do(number, "acceptance").status == 200
    hall.until(number, "transfer.planned")
    found = order(other, number)
    assert (found["amount"], found["account"]) == (26_800 - FEE, banking.ACCOUNT["number"])
    made = other.ask("POST", "/api/v1/bank-lines", executed(hall, found, "N3"))
    assert confirm(other, made.body["id"]).status == 403
    assert hall.trade(number)["states"]["settlement"] == "FUNDED"
    assert confirm(hall.operator, made.body["id"]).status == 200
    hall.until(number, "settlement.released")
    money = hall.buyer.get(f"/api/v1/trades/{number}/money")
    assert money["at_zero"]
    assert {one["processor"] for one in money["operations"]} == {"bank"}
    assert consistent(hall, number, tmp_path)
    assert asked(hall)["lines"] == []
    assert ledger_faults(hall) == []


def test_what_was_paid_by_bank_goes_back_by_an_order(later: Hall, tmp_path: Path) -> None:
    hall = later
    other = banking.open_accounts(hall)
    number, told = announced(hall)
    assert hall.buyer.do(number, "bank-transfer/withdrawal").status == 200
    hall.buyer.post(f"/api/v1/trades/{number}/payment")  # a pay page; then the buyer thinks again
    told = hall.buyer.do(number, "bank-transfer").body
    line = {
        "entry": "arrived", "reference": told["reference"], "serial": "M1", "amount": 26_800,
        "value_date": banking.today(hall), "counterparty": "买方有限公司 6222",
    }  # fmt: skip
    made = hall.operator.post("/api/v1/bank-lines", line)
    twice = hall.operator.post("/api/v1/bank-lines", {**line, "serial": "M2"})
    for one in (made, twice):
        assert confirm(other, one["id"]).status == 200
    hall.until(number, "settlement.funded")
    back = order(other, number)  # what came twice goes back at once
    assert (back["kind"], back["payee"], back["account"]) == ("refund", "买方有限公司 6222", "M2")
    returned = hall.operator.post("/api/v1/bank-lines", executed(hall, back, "M3"))
    assert confirm(other, returned["id"]).status == 200
    hall.until(number, "payment.returned")
    assert hall.buyer.do(number, "cancellation", reason="no longer needed").status == 200
    hall.until(number, "refund.planned")
    refused = {**executed(hall, order(other, number), ""), "entry": "refused", "reason": "账号不符"}
    del refused["serial"], refused["amount"]
    told_of = hall.operator.ask("POST", "/api/v1/bank-lines", refused)
    assert confirm(other, told_of.body["id"]).status == 200, told_of
    hall.clock.advance(minutes=2)
    hall.settled(lambda: order_waits(hall, number), "the order once more")
    done = hall.operator.post("/api/v1/bank-lines", executed(hall, order(other, number), "M4"))
    assert confirm(other, done["id"]).status == 200
    hall.until(number, "settlement.refunded")
    assert hall.buyer.get(f"/api/v1/trades/{number}/money")["at_zero"]
    assert hall.operator.get("/api/v1/bank-desk")["balances"][0]["books"] == 0
    assert consistent(hall, number, tmp_path)
    assert ledger_faults(hall) == []


def order_waits(hall: Hall, number: str) -> bool:
    return any(one["trade"] == number for one in hall.operator.get("/api/v1/bank-desk")["orders"])


def race(hall: Hall, who: Any, line: str) -> list[Answer]:
    """Let one operator press twice at once."""
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(confirm(who, line))) for _each in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return answers
