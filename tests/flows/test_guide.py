"""The documentation's own sessions: taken out of the rendered pages and run against a real exchange."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
import requests
from flask import Flask

from ledger.note import parse_signer
from market.db import sqlite
from market.doctor import ledger_faults
from market.guide import reference, steps
from tests import machine, people
from tests.conftest import CI
from tests.flows.hall import Hall
from tests.house.source import ROOT
from tests.waiting import SECONDS

PATHS: Final = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


SQLITE = pytest.param("sqlite", marks=pytest.mark.sqlite)
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)
BOTH = (SQLITE, POSTGRESQL)


def shown(hall: Hall, page: str, language: str) -> str:
    """Return a session as it stands on a page, in the order of the page."""
    answer = requests.get(f"{hall.url}/docs/{page}", headers={"Accept": "text/html"}, timeout=60)
    return taken(answer.text, language)


def taken(text: str, language: str) -> str:
    """Take a session out of a page."""
    blocks = re.findall(rf'<code data-session="{language}">(.*?)</code>', text, re.DOTALL)
    assert blocks
    return "\n".join(html.unescape(block) for block in blocks) + "\n"


@pytest.fixture
def folder(hall: Hall, tmp_path: Path) -> Path:
    """Where a session is run; in ``home`` lies what the demo leaves: passwords, and the log's key."""
    home = tmp_path / "home"
    home.mkdir()
    acting = (hall.provider, hall.operator, hall.buyer)
    emails = [person.get("/api/v1/me")["organisation"]["contact_email"] for person in acting]
    (home / "people.json").write_text(json.dumps(dict.fromkeys(emails, people.PASSWORD)))
    shutil.copy(hall.settings.home / "authenticators.json", home)
    key = parse_signer(hall.settings.ledger_signing_key).verifier
    (home / "trust.policy").write_text(f"log {key} {hall.url}/ledger\nquorum none\n")
    return tmp_path


def run(hall: Hall, folder: Path, *command: str) -> str:
    """Run a session in a folder of its own, by the exchange's clock, and return what it printed."""
    home = folder / "home"
    hall.clock.advance(seconds=90)  # to codes that nobody gave yet
    (folder / "sitecustomize.py").write_text(
        f"import time\nreal = time.time\ntime.time = lambda: real() + {hall.clock.shift.total_seconds()}\n"
    )
    provider, reviewer, buyer = json.loads((home / "people.json").read_text())
    environment = {
        "PATH": PATHS, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "HOME": str(folder), "LANG": "C.UTF-8",
        "QILU": hall.url, "QILU_HOME": str(home), "PROVIDER": provider, "REVIEWER": reviewer, "BUYER": buyer,
    }  # fmt: skip
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def traded(hall: Hall) -> set[str]:
    """Return the numbers of the buyer's released trades in what a session sells; others may go on meanwhile."""
    items = hall.buyer.get("/api/v1/trades")["items"]
    rain = [item for item in items if item["title"] == "Hourly rain, one day"]
    return {item["number"] for item in rain if item["states"]["settlement"] == "RELEASED"}


@pytest.mark.parametrize("lane", BOTH if CI else (SQLITE,))
def test_the_shell_session_is_a_whole_trade_and_its_evidence_holds(
    hall: Hall, folder: Path, lane: str
) -> None:
    machine.ensure("curl", "curl", lane=lane)
    before = traded(hall)
    (folder / "trade.sh").write_text(shown(hall, "trade", "curl"))
    said = run(hall, folder, "bash", "-euo", "pipefail", "trade.sh")
    assert "contract.pdf: OK" in said
    assert "acceptance.accepted" in said
    assert re.search(r"^CONSISTENT: \d+ checks$", said, re.MULTILINE)
    assert "UNPINNED" not in said
    assert len(traded(hall) - before) == 1

    (folder / "verify.sh").write_text(shown(hall, "verify", "curl"))
    checked = run(hall, folder, "bash", "-euo", "pipefail", "verify.sh")
    assert re.search(r"^CONSISTENT: \d+ checks$", checked, re.MULTILINE)
    assert "settlement.released is entry" in checked
    assert "UNPINNED: " in checked
    assert "FAIL files: contract/terms.json" in checked


@pytest.mark.parametrize("lane", BOTH if CI else (POSTGRESQL,))
def test_the_python_session_is_a_whole_trade_and_its_evidence_holds(hall: Hall, folder: Path) -> None:
    before = traded(hall)
    (folder / "trade.py").write_text(shown(hall, "trade", "python"))
    said = run(hall, folder, sys.executable, "-W", "error", "trade.py")
    assert re.search(r"^CONSISTENT: \d+ checks$", said, re.MULTILINE)
    assert len(traded(hall) - before) == 1


@pytest.mark.parametrize(("file", "language"), [("trade.sh", "curl"), ("trade.py", "python")])
def test_the_files_are_the_text_of_the_page(assembled: Flask, file: str, language: str) -> None:
    client = assembled.test_client()
    answer = client.get(f"/docs/{file}")
    kept = [line for line in answer.text.splitlines() if line.strip()]
    page = client.get("/docs/trade", headers={"Accept": "text/html"}).text
    assert kept == [line for line in taken(page, language).splitlines() if line.strip()]
    assert answer.mimetype == "text/plain"


def test_what_a_step_shows_as_its_answer_is_what_the_route_answers(assembled: Flask) -> None:
    with assembled.app_context():
        known = reference.current()
    fields = {shape.name: {field.name for field in shape.fields} for shape in known.shapes}
    operations = {f"{one.method} {one.path}": one for group in known.groups for one in group.operations}
    for step in steps.session("trade"):
        if step.operation:
            replies = {reply.status: reply for reply in operations[step.operation].replies}
            kind = replies[str(step.status)].kind
            assert kind is not None, step.id
            assert set(json.loads(step.answer)) <= fields[kind.shape], step.id


@pytest.mark.parametrize("lane", [SQLITE])
def test_a_copy_in_the_order_that_the_readme_says_is_whole(hall: Hall, tmp_path: Path) -> None:
    """Taken while the exchange runs, and while a trade goes on between the copies."""
    home = hall.settings.home
    unfinished = shutil.ignore_patterns(".new-*")  # what vanishes while it is copied is no part of the log
    shutil.copytree(home / "ledger", tmp_path / "ledger", ignore=unfinished)
    hall.sell()
    with closing(sqlite.connect(home / "qilu.db")) as connection:
        connection.execute("VACUUM INTO ?", [str(tmp_path / "qilu.db")])
    hall.sell()
    shutil.copytree(home / "storage", tmp_path / "storage")
    url = f"sqlite:///{tmp_path / 'qilu.db'}"
    copied = replace(
        hall.settings, home=tmp_path, database_url=url, storage_url=(tmp_path / "storage").as_uri()
    )
    faults, entries = ledger_faults(copied)
    assert faults == []
    assert entries > 20
