"""A whole exchange that listens: server, worker, publisher and payment sandbox, with people who act over HTTP."""

import hashlib
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
from flask import Flask
from werkzeug.serving import make_server

from market.actor import Scope
from market.app import create_app
from market.config import Settings
from market.db import read
from market.demo.authenticators import Authenticators
from market.demo.client import DemoError, Person, wait_for
from market.demo.goods import Good, Shelf, divisions, weather
from market.demo.joining import Cast
from market.participants import service as participants
from market.sandbox import Sandbox
from market.serve import Background, background
from tests import people
from tests.conftest import settings_for
from tests.postgres import Urls
from tests.waiting import SECONDS

KEY = "sk_test_tests"
Json = dict[str, Any]


class Shifted:
    """The real time, shifted forward by a test; it keeps running, as what waits for a moment needs."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def __call__(self) -> datetime:
        moment = datetime.now(UTC) + self.shift
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def advance(self, **span: float) -> None:
        self.shift += timedelta(**span)


class Silent:
    """A display for the demo's own acts that shows nothing."""

    def now(self, what: str) -> None: ...

    def act(self, who: str, what: str, entry: str = "") -> None: ...

    def entry(self, person: Person, answer: Json) -> str:
        return ""


@dataclass(frozen=True)
class Answer:
    """What the exchange answered to somebody.

    Attributes:
        status: HTTP status.
        body: the JSON document; empty when there is none.
    """

    status: int
    body: Json

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))


class Caller(Person):
    """A person whose refusals are answers, not errors."""

    def ask(self, method: str, path: str, body: Json | None = None, **headers: str) -> Answer:
        found = self._session.request(method, self._url + path, json=body, headers=headers, timeout=60)
        return Answer(
            found.status_code, found.json() if "json" in found.headers.get("Content-Type", "") else {}
        )

    def do(self, number: str, act: str, **body: str) -> Answer:
        """Take an act of a trade: payment, acceptance, rejection, cancellation, ruling."""
        return self.ask("POST", f"/api/v1/trades/{number}/{act}", body)


class Hall:
    """One exchange with its people and two listings; many trades can run in it side by side.

    Args:
        urls: its database, migrated.
        home: its folder.
    """

    def __init__(self, urls: Urls, home: Path) -> None:
        self.clock = Shifted()
        self.assessor: Caller | None = None  # of an accredited body, once a test asks for one
        self._server = make_server("127.0.0.1", 0, Flask("waiting"), threaded=True)
        self.url = f"http://localhost:{self._server.port}"
        self.sandbox = Sandbox(
            0, home / "sandbox", f"{self.url}/webhooks/stripe", "whsec_tests",
            clock=lambda: self.clock().timestamp(),
        )  # fmt: skip
        settings: Settings = settings_for(urls, home, STRIPE_API_BASE=self.sandbox.base)
        self.settings = replace(settings, base_url=self.url)
        self.app = create_app(self.settings, clock=self.clock)
        self._server.app = self.app
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._background: list[Background] = []
        self.apps = Authenticators(
            home / "authenticators.json",
            now=lambda: self.clock().timestamp(),
            wait=lambda: self.clock.advance(seconds=30),
        )

    def __enter__(self) -> Self:
        with ExitStack() as half:  # nothing is left running when people cannot come in
            half.push(self.__exit__)
            self._furnish()
            half.pop_all()
        return self

    def _furnish(self) -> None:
        self._thread.start()
        self.sandbox.start()
        self._background = background(self.app)
        for part in self._background:
            part.start()
        with self.app.app_context():
            people.operator()
            with read() as session:
                found = participants.operator(session)
            assert found is not None
            self.operator_email = found.contact_email
        self.operator = self.enrolled("operator", self.operator_email)
        self.provider = self._join("provider", "provider@hall.example")
        self.buyer = self._join("buyer", "buyer@hall.example")
        self.colleague = self._colleague("colleague@hall.example")
        self.other = self._join("buyer", "other@hall.example")
        self.weather = weather()
        self.priced = self.offer(self.weather)
        self.divisions = divisions()
        self.free = self.offer(self.divisions)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self._background:
            part.stop()
        self._server.shutdown()
        self._server.server_close()
        self.sandbox.stop()
        with self.app.app_context():
            self.app.extensions["engine"].dispose()

    # What people do

    def offer(self, good: Good) -> str:
        """Register and list a file, as the demo does; return the number of the listing."""
        cast = Cast(self.operator, self.operator, self.provider, self.buyer)
        return Shelf(cast, Silent()).offer(good)  # type: ignore[arg-type]

    def agree(self, listing: str) -> str:
        """Ask for a contract, sign it on both sides, and return the number of the trade once it runs."""
        number = self.ask_for(listing)
        for person in (self.provider, self.buyer):
            assert self.sign(person, number).status == 200
        self.until(number, "contract.finalized")
        return number

    def ask_for(self, listing: str) -> str:
        return str(self.buyer.post("/api/v1/contracts", {"listing": listing}, create=True)["number"])

    def sign(self, person: Caller, number: str, digest: str | None = None) -> Answer:
        shown = person.get(f"/api/v1/contracts/{number}")
        body = {"document_digest": digest or shown["document_digest"]}
        return person.ask("POST", f"/api/v1/contracts/{number}/signature", body)

    def click(self, number: str, outcome: str = "pay") -> str:
        """Go to the pay page and press a button; return the page's address."""
        page = str(self.buyer.post(f"/api/v1/trades/{number}/payment")["checkout_url"])
        requests.post(page, data={"outcome": outcome}, timeout=60, allow_redirects=False).raise_for_status()
        return page

    def pay(self, number: str) -> None:
        self.click(number)
        self.until(number, "settlement.funded")

    def fetch(self, number: str, /, **headers: str) -> requests.Response:
        url = f"{self.url}/api/v1/trades/{number}/delivery"
        return self.buyer._session.get(url, headers=headers, timeout=60)

    def receive(self, number: str) -> None:
        """Fetch the whole file and wait for the receipt."""
        assert self.fetch(number).status_code == 200
        self.until(number, "delivery.completed")

    def bundle(self, number: str) -> bytes:
        """Return the evidence of a trade, once a checkpoint covers its newest entry."""
        url = f"{self.url}/api/v1/trades/{number}/bundle.zip"

        def covered() -> bytes | None:
            answer = self.buyer._session.get(url, timeout=60)
            return answer.content if answer.status_code == 200 else None

        return wait_for(covered, "a checkpoint over it all", seconds=SECONDS)

    def sell(self) -> str:
        """Bring a priced trade as far as a delivered file."""
        number = self.agree(self.priced)
        self.pay(number)
        self.receive(number)
        return number

    # What tests look at

    def trade(self, number: str) -> Json:
        return self.operator.get(f"/api/v1/trades/{number}")

    def kinds(self, number: str) -> list[str]:
        """Return the kinds of the trade's entries in order; empty while there is no trade."""
        try:
            return [entry["kind"] for entry in self.trade(number)["timeline"]]
        except DemoError as error:
            if error.status == 404:
                return []
            raise

    def until(self, number: str, kind: str, seconds: float = SECONDS) -> None:
        wait_for(lambda: kind in self.kinds(number) or None, f"{kind} of {number}", seconds=seconds)

    def settled(self, look: Callable[[], bool], what: str) -> None:
        wait_for(lambda: look() or None, what, seconds=SECONDS)

    def control(self, path: str, **body: object) -> Json:
        """Use the control surface of the sandbox."""
        url = f"{self.sandbox.base}/_sandbox/{path}"
        answer = requests.post(url, json=body, auth=(KEY, ""), timeout=30)
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def is_the_weather(self, content: bytes) -> bool:
        return hashlib.sha256(content).hexdigest() == self.weather.digest

    # How people come in

    def enrolled(self, role: str, email: str) -> Caller:
        """Let one of the staff set up an authenticator app and sign in."""
        Caller(self.url, role).enrol(email, people.PASSWORD, self.apps)
        return self._sign_in(role, email)

    def code(self, email: str) -> str | None:
        """Return a fresh code of somebody's authenticator app, for a page; None for who has none."""
        return self.apps.code(email)

    def _sign_in(self, role: str, email: str) -> Caller:
        return Caller(self.url, role).sign_in(email, people.PASSWORD, Scope, self.apps.code(email))

    def _join(self, role: str, email: str, since: date | None = None) -> Caller:
        application = people.application(email=email)
        body = {
            "name_zh": application.name_zh, "name_en": application.name_en,
            "credit_code": application.credit_code,
            "established_on": (since or application.established_on).isoformat(),
            "person": application.person, "phone": application.phone, "email": email,
            "password": people.PASSWORD, "roles": [role],
        }  # fmt: skip
        made = Caller(self.url, role).post("/api/v1/organisations", body, create=True)
        decision = {"decision": "verify", "reason": "checked"}
        self.operator.post(f"/api/v1/organisations/{made['id']}/decision", decision)
        return self._sign_in(role, email)

    def _colleague(self, email: str) -> Caller:
        invited = self.buyer.post("/api/v1/members/invitations", {"email": email, "roles": ["buyer"]})
        body = {"name": "同事", "password": people.PASSWORD}
        Caller(self.url, "buyer").post(f"/api/v1/invitations/{invited['token']}", body)
        return self._sign_in("buyer", email)


def ledger_faults(hall: Hall) -> list[str]:
    """Return everything fsck finds, with the log published as far as it goes."""
    from market.doctor import ledger_faults as faults

    found, _entries = faults(hall.settings)
    return found


__all__ = ["Answer", "Caller", "Hall", "ledger_faults"]
