"""What people do about bank transfer over HTTP: accounts in use, statements, lines that two confirm."""

from typing import Any

from market.i18n import CHINA
from tests import people
from tests.flows.hall import Answer, Caller, Hall

PDF = b"%PDF-1.7\n%%EOF\n"
ACCOUNT = {
    "bank": "济南银行历下支行",
    "number": "3700 1616 8888 0000",
    "code": "313451000012",
    "currency": "CNY",
}
SUPERVISED = {"institution": "示例支付有限公司", "supervised": True}


def second(hall: Hall) -> Caller:
    """Return another operator, who joins when first asked for."""
    email = people.application().email
    invited = hall.operator.post("/api/v1/members/invitations", {"email": email, "roles": ["operator"]})
    body = {"name": "值班", "password": people.PASSWORD}
    Caller(hall.url, "second").post(f"/api/v1/invitations/{invited['token']}", body)
    return hall.enrolled("second", email)


def enter(hall: Hall, who: Caller, **other: Any) -> Answer:
    """Enter an account in the name of somebody's organisation."""
    own = who.get("/api/v1/me")["organisation"]
    return who.ask("POST", "/api/v1/bank-accounts", {"holder": own["name_zh"], **ACCOUNT, **other})


def open_accounts(hall: Hall) -> Caller:
    """Take the receiving account and the provider's into use; return the second operator."""
    other = second(hall)
    for who, more in ((hall.operator, SUPERVISED), (hall.provider, {})):
        made = enter(hall, who, **more)
        assert made.status == 200, made
        done = other.ask("POST", f"/api/v1/bank-accounts/{made.body['id']}/confirmation")
        assert (done.status, done.body["state"]) == (200, "OPEN"), done
    return other


def send(caller: Caller, path: str, name: str, content: bytes, **fields: str) -> Answer:
    sent = caller._session.post(
        f"{caller._url}/api/v1{path}", data=fields, files={"file": (name, content)}, timeout=60
    )
    return Answer(sent.status_code, sent.json())


def today(hall: Hall) -> str:
    return hall.clock().astimezone(CHINA).date().isoformat()


def statement(hall: Hall, *lines: tuple[str, str, str, str], encoding: str = "utf-8") -> bytes:
    """Return a statement of (serial, amount in yuan, direction, reference) lines, as a bank writes it."""
    rows = [
        f'{today(hall)},\'{serial},"{amount}",{way},买方有限公司,货款{reference}'
        for serial, amount, way, reference in lines
    ]
    return "\r\n".join(["日期,流水号,金额,方向,对方,摘要", *rows, ""]).encode(encoding)


def confirm(caller: Caller, line: str) -> Answer:
    return caller.ask("POST", f"/api/v1/bank-lines/{line}/confirmation")


def waiting(caller: Caller) -> dict[str, dict[str, Any]]:
    """Return the lines that wait, by serial."""
    return {one["serial"]: one for one in caller.get("/api/v1/bank-desk")["lines"]}


def order(caller: Caller, trade: str) -> dict[str, Any]:
    """Return the payment order of a trade that waits."""
    (found,) = [one for one in caller.get("/api/v1/bank-desk")["orders"] if one["trade"] == trade]
    return dict(found)


def executed(hall: Hall, found: dict[str, Any], serial: str) -> dict[str, Any]:
    """Return what is said of an order that the bank made."""
    return {
        "entry": "executed", "reference": found["reference"], "serial": serial,
        "amount": found["amount"], "value_date": today(hall), "counterparty": found["payee"] or "",
    }  # fmt: skip
