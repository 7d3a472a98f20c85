"""Invoices of a whole trade over HTTP: asked for, issued, fetched and exported; and what is refused on the way."""

import csv
import hashlib
import io
import zipfile
from pathlib import Path

from market.verify import main
from tests import people
from tests.flows import billing
from tests.flows.browser import Browser
from tests.flows.hall import Hall
from tests.invoices import PDF, XML


def released(hall: Hall) -> str:
    number = hall.sell()
    assert hall.buyer.do(number, "acceptance").status == 200
    hall.until(number, "settlement.released")
    return number


def test_a_whole_trade_ends_with_two_invoices(hall: Hall) -> None:
    number = hall.sell()
    billing.profile(hall.provider, hall.buyer)
    assert billing.ask(hall.buyer, number).code == "invoice.not_released"
    assert hall.buyer.do(number, "acceptance").status == 200
    hall.until(number, "settlement.released")

    shown = hall.buyer.get(f"/api/v1/trades/{number}/invoices")
    price = hall.trade(number)["amount"]
    assert shown["open"] == [{"matter": "data", "instalment": 1, "amount": price, "currency": "CNY"}]
    asked = billing.ask(hall.buyer, number, form="special")
    assert (asked.status, asked.body["state"], asked.body["amount"]) == (200, "REQUESTED", price)
    assert billing.ask(hall.buyer, number, form="special").body["entry_id"] == asked.body["entry_id"]
    invoice = str(asked.body["id"])

    assert billing.issue(hall.provider, invoice, number="2637").status == 422
    assert billing.issue(hall.provider, invoice, number="２" * 20).status == 422
    assert billing.issue(hall.provider, invoice, issued_on=billing.today(days=2)).code == "invoice.later"
    assert billing.issue(hall.provider, invoice, issued_on="2020-01-01").code == "invoice.too_early"
    assert billing.issue(hall.provider, invoice, rate="7").status == 422
    wrong = billing.issue(hall.provider, invoice, name="a.xml", content=b"<html><script>1</script></html>")
    assert wrong.code == "invoice.wrong_file"
    assert billing.issue(hall.provider, invoice, content=PDF + bytes(6_000_000)).status == 413
    assert billing.issue(hall.buyer, invoice).status == 403
    assert billing.issue(hall.other, invoice).status == 404
    assert hall.other.ask("GET", f"/api/v1/invoices/{invoice}").code == "invoice.not_found"
    assert billing.ask(hall.other, number).code == "trade.not_found"

    used = billing.number()
    done = billing.issue(hall.provider, invoice, number=used, rate="6")
    assert (done.status, done.body["state"]) == (200, "ISSUED")
    again = billing.issue(hall.provider, invoice, number=used, rate="6")
    assert again.body["entry_id"] == done.body["entry_id"]
    [document] = done.body["documents"]
    assert document["net"] + document["tax"] == document["amount"] == price
    assert document["digest"] == hashlib.sha256(PDF).hexdigest()

    answer = billing.download(hall.buyer, f"/api/v1/invoices/{invoice}/documents/0")
    assert answer.content == PDF
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert billing.download(hall.other, f"/api/v1/invoices/{invoice}/documents/0").status_code == 404
    assert billing.download(hall.buyer, f"/api/v1/invoices/{invoice}/documents/1").status_code == 404

    fee = billing.ask(hall.provider, number, "fee")
    assert fee.status == 200
    assert hall.buyer.ask("GET", f"/api/v1/invoices/{fee.body['id']}").status == 404
    taken = billing.issue(hall.operator, str(fee.body["id"]), number=used)
    assert taken.code == "invoice.number_used"
    own = billing.issue(hall.operator, str(fee.body["id"]), name="fee.xml", content=XML)
    assert (own.status, own.body["documents"][0]["format"]) == (200, "xml")
    kinds = [kind for kind in hall.kinds(number) if kind.startswith("invoice.")]
    assert kinds == ["invoice.requested", "invoice.issued"] * 2

    month = billing.today()[:7]
    table = billing.download(hall.provider, f"/api/v1/invoices/export?month={month}")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert table.headers["Content-Disposition"].startswith("attachment;")
    assert table.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    [mine] = [row for row in rows if row["trade"] == number]
    assert (mine["number"], mine["state"], mine["matter"]) == (used, "ISSUED", "data")
    assert mine["file_sha256"] == document["digest"]
    assert billing.download(hall.buyer, f"/api/v1/invoices/export?month={month}").status_code == 403
    assert billing.download(hall.provider, "/api/v1/invoices/export?month=12").status_code == 422
    operators = billing.download(hall.operator, f"/api/v1/invoices/export?month={month}").content.decode()
    assert [row for row in operators.splitlines() if number in row and ",fee," in row]


def test_the_bundle_of_a_side_holds_its_own_invoices_and_convinces(hall: Hall, tmp_path: Path) -> None:
    number = released(hall)
    billing.profile(hall.provider, hall.buyer)
    data = billing.ask(hall.buyer, number)
    fee = billing.ask(hall.provider, number, "fee")
    assert billing.issue(hall.provider, str(data.body["id"])).status == 200
    evidence = hall.bundle(number)
    with zipfile.ZipFile(io.BytesIO(evidence)) as bundle:
        told = b"".join(bundle.read(name) for name in bundle.namelist())
    assert str(data.body["id"]).encode() in told
    assert str(fee.body["id"]).encode() not in told
    assert str(billing.PROFILE["bank_account"]).encode() not in told
    file = tmp_path / "evidence.zip"
    file.write_bytes(evidence)
    out = io.StringIO()
    assert main(file, None, out) == 0, out.getvalue()


def test_people_ask_and_issue_on_pages(hall: Hall, tmp_path: Path) -> None:
    number = released(hall)
    billing.profile(hall.provider)
    buyer, provider = Browser(hall.url), Browser(hall.url)
    for browser, email in ((buyer, "buyer@hall.example"), (provider, "provider@hall.example")):
        browser.open("/sign-in")
        browser.press("/sign-in", email=email, password=people.PASSWORD)
    buyer.open("/tax-profile")
    buyer.press("/tax-profile", **{**billing.PROFILE, "title": f"泉城数据 {number}"})
    buyer.open(f"/trades/{number}/invoices")
    buyer.press("/invoices", form="general")
    invoice = hall.buyer.get(f"/api/v1/trades/{number}/invoices")["items"][0]
    assert invoice["title"] == f"泉城数据 {number}"
    page = f"/invoices/{invoice['id']}"
    file = tmp_path / "发票.pdf"
    file.write_bytes(PDF)
    provider.open(page)
    text = provider.send("/issue", file, 422, number="1", issued_on=billing.today())
    assert 'id="n-number"' in text
    provider.send("/issue", file, 200, number=billing.number(), issued_on=billing.today(), rate="1")
    buyer.open(page)
    assert buyer.download(f"{page}/documents/0") == PDF
    assert provider.download(f"/invoices/export?month={billing.today()[:7]}").startswith(b"\xef\xbb\xbf")
