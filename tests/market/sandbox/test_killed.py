"""The stand-in is killed in the middle of a burst: what it answered it keeps, what it began it did once."""

import itertools
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from market.payments.stripe import ConnectionFailed, Stripe
from tests import ports
from tests.market.sandbox.driver import KEY
from tests.waiting import joined, until

PROGRAM = (
    "import pathlib, sys; from market.sandbox import main; "
    "main(int(sys.argv[1]), pathlib.Path(sys.argv[2]), '', '')"
)
ENOUGH = 5
"""Answers after which the stand-in is killed, while the next one is on its way."""


@contextmanager
def running(port: int, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a stand-in that answers; it is killed at the end, if not before."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port), str(home)])
    try:
        until(lambda: process.poll() is not None or listens(port), "the stand-in")
        assert process.poll() is None, "the stand-in ended"
        yield process
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.kill
def test_a_killed_stand_in_loses_and_doubles_nothing(tmp_path: Path) -> None:
    port = ports.one()
    client = Stripe(f"http://127.0.0.1:{port}", KEY, retries=0)
    answered: dict[int, str] = {}

    def burst() -> None:
        for number in itertools.count():
            try:
                answered[number] = open_account(client, number)
            except ConnectionFailed:
                return

    thread = threading.Thread(target=burst, daemon=True)
    with running(port, tmp_path) as process:
        thread.start()
        while len(answered) < ENOUGH and thread.is_alive():
            time.sleep(0.001)
        process.kill()
        process.wait()
    joined([thread])
    assert len(answered) >= ENOUGH
    with running(port, tmp_path):
        again = {number: open_account(client, number) for number in range(len(answered) + 1)}
        assert {number: again[number] for number in answered} == answered
        listed = [account["id"] for account in every_account(client.base)]
    assert sorted(listed) == sorted(again.values())


def every_account(base: str) -> Iterator[Any]:
    """Yield all accounts, page by page."""
    after = ""
    while True:
        url = f"{base}/v1/accounts?limit=100{after}"
        page = requests.get(url, auth=(KEY, ""), timeout=60).json()
        yield from page["data"]
        if not page["has_more"]:
            return
        after = f"&starting_after={page['data'][-1]['id']}"


def open_account(client: Stripe, number: int) -> str:
    return client.create_account(key=f"account:{number}:1", name=str(number), metadata={}).id
