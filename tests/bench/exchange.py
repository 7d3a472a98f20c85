"""A real exchange for measuring: ``qilu serve``, a worker where there is one, the payment sandbox, and people."""

import os
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import requests

from market.demo.client import Person, wait_for
from market.demo.goods import Shelf, weather
from market.demo.home import prepare
from market.demo.joining import Cast, Door
from market.demo.people import BUYER, PEOPLE
from market.demo.processes import Processes, command, die_with
from tests.flows.browser import Browser
from tests.flows.hall import Silent
from tests.postgres import Urls

TICK = os.sysconf("SC_CLK_TCK")


class Exchange:
    """One exchange with its people and a listing.

    Args:
        folder: of its own.
        urls: its PostgreSQL database, migrated; an SQLite file in the folder when None.

    Attributes:
        cold: seconds from the start of the server until it is ready.
    """

    def __init__(self, folder: Path, urls: Urls | None = None) -> None:
        self.home = prepare(folder, None)
        self.url = self.home.url
        self.cold = 0.0
        database = {"DATABASE_URL": urls.app, "DATABASE_OWNER_URL": urls.owner} if urls else {}
        self._environment = {**self.home.environment(), **database}
        self._separate = urls is not None
        self._stack = ExitStack()
        self._children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._processes = self._stack.enter_context(Processes(self._environment, self.home.folder / "logs"))
        self._processes.run("migrate", "db", "upgrade")
        self._processes.start("sandbox", "sandbox", "--port", str(self.home.sandbox_port))
        began = time.perf_counter()
        self._start("serve", "--port", str(self.home.port))
        wait_for(self._ready, "the server")
        self.cold = time.perf_counter() - began
        if self._separate:
            self._start("worker")
        self.passwords = self.home.passwords([person.email for person in PEOPLE])
        door = Door(self.url, Silent(), self._processes, self.passwords, self.home.apps)  # type: ignore[arg-type]
        self.cast: Cast = door.let_in()
        self.listing = Shelf(self.cast, Silent()).offer(weather())  # type: ignore[arg-type]
        return self

    def __exit__(self, *_error: object) -> None:
        for child in reversed(self._children):
            child.terminate()
            child.wait()
        self._stack.close()

    def spent(self) -> float:
        """Return the processor seconds of the product's processes since their start."""
        return sum(_spent(pid) for child in self._children for pid in (child.pid, *_inner(child.pid)))

    def another(self, person: Person) -> Person:
        """Return the same person with connections of their own, for a thread."""
        other = Person(self.url, person.label)
        other._session.headers.update(person._session.headers)
        return other

    def browser(self) -> Browser:
        """Return the buyer's browser, signed in."""
        browser = Browser(self.url)
        browser.open("/sign-in")
        browser.press("/sign-in", email=BUYER.email, password=self.passwords[BUYER.email])
        return browser

    def _start(self, *arguments: str) -> None:
        with (self.home.folder / "logs" / f"{arguments[0]}.log").open("ab") as log:
            self._children.append(
                subprocess.Popen(
                    command(*arguments), env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - one prctl call, no lock is taken
                )
            )  # fmt: skip

    def _ready(self) -> bool | None:
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=30).ok or None
        return None


def _inner(pid: int) -> list[int]:
    """Return the child processes of a process, their own included."""
    direct = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    return [one for child in direct for one in (child, *_inner(child))]


def _spent(pid: int) -> float:
    """Return the processor seconds of a process and of the children it has waited for."""
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:15])) / TICK
    return 0.0
