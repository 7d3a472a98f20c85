"""The real server: what an operator is told to type works on it, and over a rolled-back database it only reads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from flask import Flask

from ledger.checkpoint import CHECKPOINT, parse_checkpoint
from ledger.note import parse_note
from market.config import Settings
from market.governance.afterwards import NOTE
from market.guide import steps
from market.oversight import publishing
from tests import people
from tests.market.test_serve import Running
from tests.waiting import SECONDS

TYPED = ("backup", "restore", "drill", "readonly")
"""Sections of the page for operators."""


def size_of(checkpoint: Path) -> int:
    return parse_checkpoint(parse_note(checkpoint.read_text("utf-8"))[0]).size


def typed(settings: Settings, folder: Path, url: str) -> str:
    """Type what the page for operators says, in a folder of one's own."""
    names = ("secret_key", "stripe_api_base", "stripe_secret_key", "stripe_webhook_secret", "ledger_origin",
             "ledger_signing_key")  # fmt: skip
    environment = {
        **os.environ,
        **{name.upper(): getattr(settings, name) for name in names},
        "QILU_HOME": str(settings.home),
        "QILU": url,
        "BASE_URL": url,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    script = "\n".join(step.curl for step in steps.session("operations") if step.id in TYPED)
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=2 * SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True)
def test_an_operators_day(exchange: Flask, settings: Settings, tmp_path: Path) -> None:
    people.verified()
    publishing.publish()
    checkpoint = publishing.folder() / CHECKPOINT
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with Running(settings) as server:
        before = size_of(checkpoint)
        said = typed(settings, folder, server.url)
        assert "begins with what checkpoint.txt holds" in said
        assert "ok    rollback" in said
        server.until(lambda: size_of(checkpoint) > before)  # the drill is an entry
        server.stop()
        assert server.ended() == 0
    assert (folder / "restored" / NOTE).exists()
    signed = checkpoint.read_bytes()
    for rest in settings.home.glob("qilu.db*"):
        rest.unlink()
    (folder / "restored" / "qilu.db").rename(settings.home / "qilu.db")
    rolled_back = Running(settings)
    try:
        rolled_back.until(lambda: answers(f"{rolled_back.url}/healthz"))
        rolled_back.until(lambda: "ledger.read_only" in told(f"{rolled_back.url}/readyz"))
        assert "qilu restore" in told(f"{rolled_back.url}/readyz")
        page = requests.get(rolled_back.url, headers={"Accept": "text/html"}, timeout=SECONDS)
        assert 'class="read-only"' in page.text
        body = {"email": "somebody@example.org", "password": people.PASSWORD, "label": "x"}
        refused = requests.post(f"{rolled_back.url}/api/v1/tokens", json=body, timeout=SECONDS)
        assert (refused.status_code, refused.json()["code"]) == (503, "ledger.read_only")
        seen = requests.get(f"{rolled_back.url}/ledger/checkpoint", timeout=SECONDS)
        assert seen.content == signed
        rolled_back.stop()
        assert rolled_back.ended() == 0
    finally:
        rolled_back.__exit__()
    assert checkpoint.read_bytes() == signed, "nothing was signed over the older database"


def answers(url: str) -> bool:
    return told(url) != ""


def told(url: str) -> str:
    try:
        return requests.get(url, timeout=SECONDS).text
    except requests.RequestException:
        return ""
