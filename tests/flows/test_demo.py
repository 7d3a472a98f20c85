"""What a newcomer runs: the demo, its evidence, and nothing left running behind it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from market.demo.home import SANDBOX_PORT_OFFSET, is_free
from market.demo.processes import command
from tests import ports
from tests.conftest import CI
from tests.flows.hall import Json
from tests.waiting import SECONDS, until

pytestmark = pytest.mark.sqlite


def qilu(*arguments: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"QILU_HOME": str(home)} if home else {})}
    return subprocess.run(
        command(*arguments), env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def demo(home: Path, *more: str) -> Json:
    done = qilu("demo", "--once", "--home", str(home), *more)
    assert done.returncode == 0, done.stderr
    outcome: Json = json.loads(done.stdout.splitlines()[-1])
    return outcome


def children(folder: Path) -> list[int]:
    """Return the processes whose environment names this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"QILU_HOME={folder}\0".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_the_demo_twice_then_with_a_file_of_ones_own(tmp_path: Path) -> None:
    """Outside of continuous integration the second run is the one with the file."""
    home, own = tmp_path / "home", tmp_path / "产量.csv"
    own.write_bytes("地块,产量\n甲,12.5\n乙,\n".encode("gb18030"))
    with_it = ("--data", str(own))
    first = demo(home)
    again = demo(home, *(() if CI else with_it))
    assert {"bundle", "trust", "entries", "checkpoint", "trade"} <= set(first)
    assert first["trade"] != again["trade"]
    assert first["entries"] == again["entries"] == 13
    assert not Path(first["trust"]).is_relative_to(first["bundle"])
    assert int(again["checkpoint"].splitlines()[1]) < 2 * int(first["checkpoint"].splitlines()[1])

    last = demo(home, *with_it) if CI else again
    for outcome in (first, last):
        pinned = qilu("verify", outcome["bundle"], "--trust", outcome["trust"])
        assert pinned.returncode == 0, pinned.stdout
        alone = qilu("verify", outcome["bundle"])
        assert alone.returncode == 0
        assert alone.stdout.startswith("UNPINNED")
    ledger = [sys.executable, "-m", "ledger", "verify", first["bundle"], "--trust", first["trust"]]
    assert subprocess.run(ledger, capture_output=True, timeout=SECONDS, check=False).returncode == 0

    assert qilu("ledger", "fsck", home=home).returncode == 0
    doctor = qilu("doctor", home=home)
    assert doctor.returncode == 0, doctor.stdout
    assert (home / "secrets.env").stat().st_mode & 0o777 == 0o600
    assert (home / "people.json").stat().st_mode & 0o777 == 0o600
    assert children(home) == []


@pytest.mark.parametrize(
    ("how", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_nothing_outlives_the_demo(tmp_path: Path, how: signal.Signals, status: int) -> None:
    """And its status is 0 only where the evidence was verified."""
    home = tmp_path / "home"
    running: subprocess.Popen[Any] = subprocess.Popen(
        command("demo", "--once", "--home", str(home)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: len(children(home)) >= 3, "children of the demo")
        running.send_signal(how)
        assert running.wait(SECONDS) == status
    finally:
        running.kill()
        running.wait()
    until(lambda: not children(home), "the end of every child")


def test_a_demo_that_verified_and_serves_ends_well(tmp_path: Path) -> None:
    port = next(port for port in iter(ports.one, 0) if is_free(port + SANDBOX_PORT_OFFSET))
    told = tmp_path / "told"
    with told.open("w") as out:
        running: subprocess.Popen[Any] = subprocess.Popen(
            command("demo", "--home", str(tmp_path / "home"), "--port", str(port)),
            stdout=out,
            stderr=out,
        )
    try:
        until(lambda: "Ctrl-C ends" in told.read_text() or running.poll() is not None, "a demo that serves")
        running.send_signal(signal.SIGINT)
        assert running.wait(SECONDS) == 0, told.read_text()
    finally:
        running.kill()
        running.wait()
    assert told.read_text().endswith("\nstopped\n")


def test_commands_say_what_is_missing(tmp_path: Path) -> None:
    serve = qilu("serve", home=tmp_path)
    assert serve.returncode == 1
    assert "SECRET_KEY" in serve.stderr
    assert "LEDGER_SIGNING_KEY" in serve.stderr
    assert "Traceback" not in serve.stderr
    doctor = qilu("doctor", home=tmp_path)
    assert doctor.returncode == 1
    assert "qilu db upgrade" in doctor.stdout
    assert qilu("verify", str(tmp_path / "nothing")).returncode == 2
    assert qilu("db", "check", home=tmp_path).returncode == 1


def test_a_file_that_cannot_be_measured_is_explained(tmp_path: Path) -> None:
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("a,b\n1,2\n3\n")
    done = qilu("inspect", str(ragged))
    assert done.returncode == 1
    assert "file.ragged" in done.stderr
    report = qilu("inspect", "market/data/seattle-weather.csv", "--json")
    assert len(json.loads(report.stdout)["content_digest"]) == 64
