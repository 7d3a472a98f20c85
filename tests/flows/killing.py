"""An exchange of real processes that are killed while customers trade in it, and what each customer was told."""

import os
import random
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg
import requests

from market.demo.client import POLL_SECONDS, DemoError, Person, wait_for
from market.demo.goods import Good, promises
from market.demo.home import Home
from market.demo.joining import Cast
from market.demo.processes import command, die_with
from market.jobs import LONGEST_WAIT
from tests.postgres import Urls

PATIENCE: Final = 2 * LONGEST_WAIT.total_seconds()
"""Seconds that anything may take on a busy machine once nobody kills any more; a job that failed may rest first."""

DIED: Final = frozenset({500, 502, 503, 504})
"""Answers that are no answer: ask again."""

RECEIPT_SECONDS: Final = 20
"""How long a customer who has the bytes waits for the receipt before fetching them again."""

NOT_YET: Final = frozenset({"account.not_open", "key.not_published"})
"""Codes of what a job does soon after an organisation was verified, and that a kill may put off: ask again."""

Json = dict[str, Any]
Found = TypeVar("Found")


class Child:
    """One ``qilu`` process that can be killed with all it started, and started again."""

    def __init__(self, log: Path, environment: Mapping[str, str], *arguments: str) -> None:
        self._log = log
        self._environment = environment
        self._arguments = arguments
        self.start()

    def start(self) -> None:
        self.started = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command(*self._arguments),
                env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
                preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - one prctl call, no lock is taken
            )  # fmt: skip

    def kill(self) -> None:
        """SIGKILL it and all its children at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def kill_below(self) -> None:
        """SIGKILL only what it has started (gunicorn's worker process, children that measure or set type)."""
        listed = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for pid in listed.read_text(encoding="ascii").split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


class Exchange:
    """A server, on PostgreSQL with a worker beside it, and the ways they can be killed.

    Args:
        home: its prepared folder.
        environment: of its processes.
        urls: its database.
    """

    def __init__(self, home: Home, environment: Mapping[str, str], urls: Urls) -> None:
        logs = home.folder / "logs"
        self._home = home
        self._urls = urls
        self.server = Child(logs / "server.log", environment, "serve", "--port", str(home.port))
        self.worker: Child | None = None
        if not urls.app.startswith("sqlite"):
            self.worker = Child(logs / "worker.log", environment, "worker")
        try:
            self.await_ready()
        except BaseException:
            self.end()
            raise
        self.ready_after = [time.monotonic() - self.server.started]

    def kill(self, way: str) -> None:
        """Kill in one way, start again what does not start by itself, and wait until it serves."""
        getattr(self, f"_{way}")()
        self.await_ready()
        if way in {"server", "both"}:
            self.ready_after.append(time.monotonic() - self.server.started)

    def await_ready(self) -> None:
        wait_for(self._ready, "a server that is ready", seconds=PATIENCE)

    def end(self) -> None:
        for child in (self.server, self.worker):
            if child is not None:
                child.kill()

    def ways(self) -> dict[str, int]:
        """Return the ways in which this exchange can be killed, and how often each is taken."""
        if self.worker is None:
            return {"server": 4, "below": 1}
        return {"server": 4, "worker": 4, "both": 2, "below": 1, "connections": 1}

    def _server(self) -> None:
        self.server.kill()
        self.server.start()

    def _worker(self) -> None:
        assert self.worker is not None
        self.worker.kill()
        self.worker.start()

    def _both(self) -> None:
        self._worker()
        self._server()

    def _below(self) -> None:
        self.server.kill_below()

    def _connections(self) -> None:
        """Let the database end every connection of server and worker."""
        with psycopg.connect(self._urls.app.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = current_user"
            )

    def _ready(self) -> bool | None:
        with suppress(requests.RequestException):
            return requests.get(f"{self._home.url}/readyz", timeout=5).ok or None
        return None


class Hand:
    """A careful client: it asks again until it is answered, with the same input and the same key.

    Args:
        url: base address.
        person: whose token is used.
        calm: set when the killing is over.
    """

    def __init__(self, url: str, person: Person, calm: threading.Event) -> None:
        self._url = url
        self._calm = calm
        self._session = requests.Session()
        self._session.headers.update(person._session.headers)

    def ask(self, method: str, path: str, **request: Any) -> requests.Response:
        def once() -> requests.Response | None:
            with suppress(requests.RequestException):
                answer = self._session.request(method, self._url + path, timeout=60, **request)
                return None if answer.status_code in DIED or _code(answer) in NOT_YET else answer
            return None

        return patiently(once, f"an answer to {method} {path}", self._calm)

    def get(self, path: str) -> Json:
        return self._json(self.ask("GET", path))

    def send(self, path: str, body: Json | None = None, *, key: str = "", **request: Any) -> Json:
        headers = {"Idempotency-Key": key} if key else {}
        if "files" not in request:
            request["json"] = body or {}
        return self._json(self.ask("POST", path, headers=headers, **request))

    def _json(self, answer: requests.Response) -> Json:
        assert answer.ok, f"{answer.request.method} {answer.request.path_url}: {answer.text[:500]}"
        found: Json = answer.json()
        return found


def _code(answer: requests.Response) -> str:
    """Return the stable code of a problem; nothing for an answer that is none."""
    problem = answer.headers.get("Content-Type", "").startswith("application/problem+json")
    return str(answer.json()["code"]) if problem else ""


@dataclass
class Story:
    """One whole trade as its customers carried it, and every entry they were told of.

    Attributes:
        told: (entry id, what was asked) of each answer of 2xx.
        number: the trade's number.
        asset: the registration's id; empty when an earlier one is sold once more.
    """

    told: list[tuple[str, str]] = field(default_factory=list)
    number: str = ""
    asset: str = ""


def _otherwise(content: bytes, chance: random.Random) -> bytes:
    """Return a table of the same form in which no row is the same: else it would be mostly registered already."""
    header, *rows = content.decode().splitlines()
    cells = [row.split(",") for row in rows]
    for row in cells:
        row[4] += f"{chance.randrange(10**6):06}"
    return "\n".join([header, *(",".join(row) for row in cells), ""]).encode()


class Customers:
    """Provider, reviewer and buyer of one whole trade after the other; now and then of a new file.

    Args:
        home: where the exchange answers.
        cast: who they are.
        good: what is sold, each time with one more row that nobody sold before.
        chance: whether an answered act is asked for again, and a new file is sold.
        calm: set when the killing is over.
    """

    def __init__(
        self, home: Home, cast: Cast, good: Good, chance: random.Random, calm: threading.Event
    ) -> None:
        self._provider, self._operator, self._buyer = (
            Hand(home.url, person, calm) for person in (cast.provider, cast.operator, cast.buyer)
        )
        self._calm = calm
        self._good = good
        self._chance = chance
        self.stories: list[Story] = []
        self._content = b""
        self._listing = ""

    def trade(self) -> None:
        """Carry one trade to the provider's money."""
        story = Story()
        self.stories.append(story)
        if not self._listing or self._chance.random() < 0.2:
            self._content = _otherwise(self._good.content, self._chance)
            self._listing = self._list(story)
        wanted = {"listing": self._listing}
        made = self._act(story, self._buyer, "/api/v1/contracts", wanted, key=uuid.uuid4().hex)
        story.number = made["number"]
        for person in (self._provider, self._buyer):
            path = f"/api/v1/contracts/{story.number}"
            shown = person.get(path)["document_digest"]
            self._act(story, person, f"{path}/signature", {"document_digest": shown})
        self._pay(story)
        self._fetch(story)
        self._act(story, self._buyer, f"/api/v1/trades/{story.number}/acceptance")
        self._until(story, "settlement.released")

    def kinds(self, story: Story) -> list[str]:
        """Return the kinds of the trade's entries; empty before it begins."""
        answer = self._buyer.ask("GET", f"/api/v1/trades/{story.number}")
        return [entry["kind"] for entry in answer.json()["timeline"]] if answer.ok else []

    def _list(self, story: Story) -> str:
        good = self._good
        made = self._provider.send(
            "/api/v1/assets", key=uuid.uuid4().hex, files={"file": (good.filename, self._content)},
            data={"title": good.title, "source": good.source, "rights": good.rights},
        )  # fmt: skip
        story.asset = made["id"]
        path = f"/api/v1/assets/{story.asset}"
        measured = self._wait(
            lambda: self._provider.get(f"{path}/inspection"), lambda found: found["state"] != "pending"
        )
        self._act(story, self._provider, f"{path}/submission")
        approved = {"decision": "approve", "reason": "source and rights stated"}
        self._act(story, self._operator, f"{path}/review", approved)
        self._wait(lambda: self._provider.get(path), lambda found: found["state"] == "REGISTERED")
        wanted = {
            **good.listing, "asset": story.asset, "title": good.title, "summary": good.summary,
            "quality": promises(measured),
        }  # fmt: skip
        listing = self._act(story, self._provider, "/api/v1/listings", wanted, key=uuid.uuid4().hex)
        self._act(story, self._provider, f"/api/v1/listings/{listing['number']}/publication")
        return str(listing["number"])

    def _pay(self, story: Story) -> None:
        self._until(story, "contract.finalized")
        opened = self._buyer.send(f"/api/v1/trades/{story.number}/payment")
        story.told.append((opened["entry_id"], opened["kind"]))
        requests.post(
            opened["checkout_url"], data={"outcome": "pay"}, timeout=60, allow_redirects=False
        ).raise_for_status()
        self._until(story, "settlement.funded")

    def _fetch(self, story: Story) -> None:
        """Fetch the bytes, again when the exchange was killed before it could write that it had sent them."""

        def once() -> bool | None:
            if "delivery.completed" in self.kinds(
                story
            ):  # the receipt came after all; the grant may be used up
                return True
            with suppress(requests.RequestException):  # the stream may break off in the middle
                answer = self._buyer.ask("GET", f"/api/v1/trades/{story.number}/delivery")
                if answer.ok and answer.content == self._content:
                    return self._written(story) or None
            return None

        patiently(once, "the bytes and their receipt", self._calm)

    def _written(self, story: Story) -> bool:
        with suppress(DemoError):
            return wait_for(
                lambda: "delivery.completed" in self.kinds(story) or None,
                "a receipt",
                seconds=RECEIPT_SECONDS,
            )
        return False

    def _act(self, story: Story, hand: Hand, path: str, body: Json | None = None, *, key: str = "") -> Json:
        """Do something, and now and then again: the same answer, no further entry."""
        answer = hand.send(path, body, key=key)
        story.told.append((answer["entry_id"], path))
        if self._chance.random() < 0.3:
            again = hand.send(path, body, key=key)
            assert again["entry_id"] == answer["entry_id"], path
        return answer

    def _until(self, story: Story, kind: str) -> None:
        self._wait(lambda: {"kinds": self.kinds(story)}, lambda found: kind in found["kinds"])

    def _wait(self, look: Callable[[], Json], reached: Callable[[Json], bool]) -> Json:
        def once() -> Json | None:
            found = look()
            return found if reached(found) else None

        return patiently(once, "what follows by itself", self._calm)


def patiently(look: Callable[[], Found | None], what: str, calm: threading.Event) -> Found:
    """Look until something is there; patience begins to run out when the killing is over."""
    while not calm.is_set():
        found = look()
        if found is not None:
            return found
        calm.wait(POLL_SECONDS)
    return wait_for(look, what, seconds=PATIENCE)
