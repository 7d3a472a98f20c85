"""Invoices over HTTP: tax data, requests, and what a seller brings."""

import itertools
from datetime import UTC, datetime, timedelta

import requests

from market.i18n import CHINA
from tests.flows.hall import Answer, Caller, Hall, Json
from tests.invoices import PDF

_count = itertools.count(10**9)

PROFILE: Json = {
    "title": "泉城数据有限公司",
    "address": "济南市历下区经十路 1 号",
    "phone": "0531-5550100",
    "bank": "济南银行历下支行",
    "bank_account": "3700 1616 8888 0000",
    "email": "fapiao@hall.example",
}


def number() -> str:
    """Return 20 digits that no other invoice here has."""
    return f"2637{next(_count):016d}"


def today(**later: int) -> str:
    """Return the day in China, or one after it."""
    return (datetime.now(UTC) + timedelta(**later)).astimezone(CHINA).date().isoformat()


def profile(*callers: Caller) -> None:
    """Let administrators set the tax data of their organisations."""
    for caller in callers:
        answer = caller.ask("PUT", "/api/v1/tax-profile", PROFILE)
        assert answer.status in {200, 409}, answer  # somebody set just these before


def ask(caller: Caller, trade: str, matter: str = "data", form: str = "general") -> Answer:
    return caller.ask("POST", f"/api/v1/trades/{trade}/invoices", {"matter": matter, "form": form})


def issue(
    caller: Caller, invoice: str, *, name: str = "invoice.pdf", content: bytes = PDF, **other: str
) -> Answer:
    """Bring what was issued elsewhere; fields left out are what is right."""
    stated = {"number": number(), "issued_on": today(), **other}
    sent = caller._session.post(
        f"{caller._url}/api/v1/invoices/{invoice}/issue",
        data=stated,
        files={"file": (name, content)},
        timeout=60,
    )
    return Answer(sent.status_code, sent.json())


def download(caller: Caller, address: str) -> requests.Response:
    return caller._session.get(f"{caller._url}{address}", timeout=60)


def invoices(hall: Hall, trades: list[str]) -> list[str]:
    """Return one invoice in each state that can be reached over HTTP: asked for, issued, refused."""
    profile(hall.provider, hall.buyer)
    released = [one for one in trades if "settlement.released" in hall.kinds(one)]
    asked, issued, refused = released[-3:]
    found = [str(ask(hall.buyer, one).body["id"]) for one in (asked, issued, refused)]
    found.append(str(ask(hall.provider, issued, "fee", "special").body["id"]))
    assert issue(hall.provider, found[1]).status == 200
    hall.provider.post(f"/api/v1/invoices/{found[2]}/refusal", {"reason": "抬头与登记名称不一致"})
    return found
