"""From an empty folder to a verified trade; everything that was started is stopped again."""

import io
import json
import shutil
import signal
import sys
import time
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType

import requests

from ledger.policy import parse_policy
from market.config import Settings
from market.demo.client import DemoError, wait_for
from market.demo.dual import Running, introduce, pair
from market.demo.goods import Good, Shelf, divisions, given, weather
from market.demo.home import Home, PortTakenError, prepare
from market.demo.joining import Cast, Door
from market.demo.people import PEOPLE
from market.demo.processes import ChildError, Processes
from market.demo.show import Show
from market.demo.trading import Trading, audit
from market.trust import evidence_text

ACTS = 38
"""Lines of a first run, for the progress bar; a later run has fewer."""

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoFailed(Exception):
    """The demo did not reach its end; the message says where and why."""


class DemoEnded(BaseException):
    """Somebody asked the demo to end before its evidence was verified; like an interrupt, no ``Exception``.

    Args:
        number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number
        """The exit status by which a shell tells that a signal ended a program."""


def run(folder: Path, *, port: int | None, data: Path | None, once: bool, dual: bool = False) -> None:
    """Run the demo.

    Args:
        folder: the exchange's folder; kept and used again when it exists.
        port: where to serve; any free port when None.
        data: a CSV or Parquet file to trade instead of the weather.
        once: stop after the trade; the last line on standard output is then JSON.
        dual: run two exchanges, each the witness and mirror of the other.

    Raises:
        DemoFailed: something refused, failed, or did not verify.
        DemoEnded: a signal ended it before it had verified.
    """
    for number in ENDING:
        signal.signal(number, _end)
    folder = folder.resolve()
    try:
        homes = pair(folder, port) if dual else [prepare(folder, port)]
        _run(homes, given(data) if data else weather(), once=once)
    except (DemoError, ChildError, PortTakenError, requests.RequestException) as error:
        logs = ", ".join(str(path) for path in sorted(folder.glob("**/logs"))) or folder
        raise DemoFailed(f"{error}\nlogs: {logs}") from error


def _run(homes: Sequence[Home], good: Good, *, once: bool) -> None:
    with ExitStack() as running:
        exchanges = [
            (home, running.enter_context(Processes(home.environment(), home.folder / "logs")))
            for home in homes
        ]
        with Show(ACTS * len(homes)) as show:
            began = time.monotonic()
            if len(homes) > 1:
                exchanges = introduce(exchanges, running, show)
            _start(exchanges, show)
            outcomes = []
            for home, processes in exchanges:
                if len(homes) > 1:
                    show.say(f"\nat {home.origin}:")
                outcomes.append(_trade(home, processes, show, good))
            show.say(f"\nfrom the start to a verified trade: {time.monotonic() - began:.1f} s")
        if once:
            outcome = outcomes[0] if len(outcomes) == 1 else {**outcomes[0], "other": outcomes[1]}
            print(json.dumps(outcome, ensure_ascii=False))
            return
        _keep_serving(exchanges, show)


def _keep_serving(exchanges: Sequence[Running], show: Show) -> None:
    """Serve what was verified until somebody ends it, which is the good end."""
    with suppress(DemoEnded):
        for home, _processes in exchanges:
            show.people(home.url, _passwords(home), home.apps)
        show.say(
            "Ctrl-C ends the servers and the payment sandboxes; what is there stays in "
            + str(exchanges[0][0].folder)
        )
        while True:
            time.sleep(1)
            for _home, processes in exchanges:
                processes.check()
    print("\nstopped", file=sys.stderr)


def _trade(home: Home, processes: Processes, show: Show, good: Good) -> dict[str, object]:
    """Carry one trade on an exchange that runs, and verify its evidence."""
    cast = Door(home.url, show, processes, _passwords(home), home.apps).let_in()
    shelf = Shelf(cast, show)
    shelf.offer(divisions())
    trade = Trading(cast, show).trade(shelf.offer(good), good)
    return _evidence(home, processes, show, cast, trade)


def _passwords(home: Home) -> dict[str, str]:
    return home.passwords([person.email for person in PEOPLE])


def _start(exchanges: Sequence[Running], show: Show) -> None:
    """Migrate, then start each sandbox and server and wait until all of them answer."""
    show.now("migrating the database")
    with ThreadPoolExecutor(len(exchanges)) as pool:
        list(pool.map(lambda one: one[1].run("migrate", "db", "upgrade"), exchanges))
    show.now("starting the payment sandbox and the server")
    for home, processes in exchanges:
        processes.start("sandbox", "sandbox", "--port", str(home.sandbox_port))
        processes.start("server", "serve", "--port", str(home.port))
        if not Settings.load(home.environment()).is_sqlite:
            processes.start("worker", "worker")
    for home, processes in exchanges:
        for name, url in (("the sandbox", home.payment_url), ("the server", f"{home.url}/readyz")):
            wait_for(lambda url=url: _answers(url), name, meanwhile=processes.check)  # type: ignore[misc]
        show.act("exchange", f"serves at {home.url}")


def _answers(url: str) -> bool | None:
    """Tell whether something answers there that does not say it is unable to serve."""
    try:
        return requests.get(url, timeout=5).status_code != requests.codes.service_unavailable or None
    except (
        requests.RequestException
    ):  # a server that is slow to start may take the call and not answer in time
        return None


def _evidence(home: Home, processes: Processes, show: Show, cast: Cast, trade: str) -> dict[str, object]:
    """Export the bundle of a trade and verify it offline, held against keys that were noted elsewhere."""
    show.now("waiting for a checkpoint over the whole trade")
    trust = _trust(home)
    entries, checkpoint = audit(cast.auditor, trade, parse_policy(trust.read_bytes()))
    show.act("auditor", f"sees {entries} entries with proofs under one checkpoint")
    bundle = home.folder / "evidence" / trade
    shutil.rmtree(bundle, ignore_errors=True)
    archive = wait_for(lambda: _bundle(cast, trade), "the evidence bundle")
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        files.extractall(bundle)
    show.now("verifying the bundle offline")
    report = processes.run("verify", "verify", str(bundle), "--trust", str(trust))
    show.act("auditor", f"verifies the bundle offline: {len(report.splitlines())} lines, all hold")
    return {
        "bundle": str(bundle),
        "trust": str(trust),
        "entries": entries,
        "checkpoint": checkpoint,
        "trade": trade,
    }


def _bundle(cast: Cast, trade: str) -> bytes | None:
    """Return the bundle of a trade, or None while its newest entry waits for witnesses."""
    try:
        return cast.auditor.fetch(f"/api/v1/trades/{trade}/bundle.zip").content
    except DemoError as error:
        if error.status == requests.codes.service_unavailable:
            return None
        raise


def _trust(home: Home) -> Path:
    """Write the keys to trust, from the operators' own records, to a policy file outside the bundle."""
    path = home.folder / "trust.policy"
    path.write_text(evidence_text(Settings.load(home.environment())), encoding="utf-8")
    return path


def _end(ended_by: int, _frame: FrameType | None) -> None:
    for number in ENDING:  # from here on nothing may interrupt the ending of the children
        signal.signal(number, signal.SIG_IGN)
    raise DemoEnded(ended_by)
