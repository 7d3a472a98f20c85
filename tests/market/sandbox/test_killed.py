"""The stand-in is killed in the middle of a burst: what it answered it keeps, what it began it did once."""

import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from market.payments.stripe import ConnectionFailed, Stripe
from tests.market.sandbox.driver import KEY

PROGRAM = (
    "import pathlib, sys; from market.sandbox import main; "
    "main(int(sys.argv[1]), pathlib.Path(sys.argv[2]), '', '')"
)
COUNT = 40


def start(port: int, home: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port), str(home)])
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.05)
    raise AssertionError("the stand-in does not answer")


@pytest.mark.kill
def test_a_killed_stand_in_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client = Stripe(f"http://127.0.0.1:{port}", KEY, retries=0)
    answered: dict[int, str] = {}

    def burst() -> None:
        for number in range(COUNT):
            try:
                answered[number] = open_account(client, number)
            except ConnectionFailed:
                return

    process = start(port, tmp_path)
    thread = threading.Thread(target=burst)
    thread.start()
    while len(answered) < 5:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    thread.join()
    assert len(answered) < COUNT
    process = start(port, tmp_path)
    again = {number: open_account(client, number) for number in range(COUNT)}
    assert {number: again[number] for number in answered} == answered
    listed = requests.get(f"{client.base}/v1/accounts?limit=100", auth=(KEY, ""), timeout=5).json()
    assert {one["id"] for one in listed["data"]} == set(again.values())
    assert len(listed["data"]) == COUNT
    process.kill()
    process.wait()


def open_account(client: Stripe, number: int) -> str:
    return client.create_account(key=f"account:{number}:1", name=str(number), metadata={}).id
