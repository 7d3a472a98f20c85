"""Debian's Chromium, one listening exchange a process, and people with a browser each.

``QILU_SCREENSHOTS`` names a folder outside the repository for pictures of the pages; without it none are made.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests import machine
from tests.browser.eyes import Eyes
from tests.browser.looks import Look
from tests.browser.visitor import PATIENCE, Visitor
from tests.browser.world import World, furnish
from tests.conftest import sqlite_urls, tell
from tests.flows.hall import Hall
from tests.waiting import SECONDS

FLAGS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-component-update",
    "--font-render-hinting=none",
]

Come = Callable[[], Visitor]


@pytest.fixture(scope="session")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """An exchange that listens, with its people, worker and payment sandbox."""
    home = tmp_path_factory.mktemp("browser")
    with Hall(sqlite_urls(home), home) as hall:
        yield hall


@pytest.fixture(scope="session")
def world(hall: Hall) -> World:
    """Something in every state to look at."""
    return furnish(hall)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser; started for this folder only, since it keeps an event loop in the thread of the tests."""
    program = machine.ensure("chromium", "chromium", "fonts-noto-cjk", lane="browser")
    if not _writes_chinese():
        machine.install("fonts-noto-cjk", lane="browser")
    expect.set_options(timeout=PATIENCE)
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags, timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sights() -> Iterator[dict[Look, Eyes]]:
    """How pages are looked at, by the way of looking; what was seen is told at the end of the run."""
    found: dict[Look, Eyes] = {}
    yield found
    for look, eyes in found.items():
        tell("browser", f"{look}: {eyes.pages} pages, {eyes.axed} by axe, {eyes.violations} violations")


@pytest.fixture
def eyes(look: Look, sights: dict[Look, Eyes]) -> Eyes:
    """How this test looks at pages; parametrize ``look``."""
    return sights.setdefault(look, Eyes(look))


@pytest.fixture
def come(chromium: Browser, hall: Hall, eyes: Eyes) -> Iterator[Come]:
    """Let one more person come with a browser of their own; all of them leave at the end."""
    with ExitStack() as stack:

        def one() -> Visitor:
            visitor = Visitor(chromium, hall.url, eyes)
            stack.callback(visitor.leave)
            return visitor

        yield one


def _writes_chinese() -> bool:
    if not shutil.which("fc-list"):
        return False
    asked = subprocess.run(
        ["fc-list", ":lang=zh-cn"], capture_output=True, text=True, check=False, timeout=SECONDS
    )
    return bool(asked.stdout.strip())
