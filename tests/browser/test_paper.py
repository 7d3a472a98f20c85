"""How much a first visit weighs, and what comes out of the printer."""

import re

import pytest
from playwright.sync_api import Page

from tests import people
from tests.browser import looks
from tests.browser.conftest import Come
from tests.browser.eyes import CUT, SIDEWAYS
from tests.browser.looks import Look
from tests.conftest import tell
from tests.flows.hall import Hall

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("look", looks.TOURS, ids=str)]

FIRST_LOAD = 90 * 1000
"""Most bytes over the wire for a first visit: page, styles, scripts and pictures, with their headers."""
A4 = {"width": 794, "height": 1123}
"""A sheet of A4 in CSS pixels."""


def test_a_first_visit_is_light(look: Look, come: Come, hall: Hall) -> None:
    visitor = come()
    weights: list[float] = []
    devtools = visitor.context.new_cdp_session(visitor.page)
    devtools.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    visitor.page.goto("/", wait_until="networkidle")
    tell("browser", f"first load: {sum(weights) / 1000:.1f} kB in {len(weights)} answers ({look.language})")
    assert len(weights) > 2
    assert sum(weights) <= FIRST_LOAD


def test_pages_come_out_of_a_printer(look: Look, come: Come, hall: Hall) -> None:
    visitor, number = come(), hall.sell()
    visitor.sign_in("buyer@hall.example", people.PASSWORD)
    for path in (f"/trades/{number}", f"/contracts/{number}", f"/listings/{hall.priced}", "/rules"):
        visitor.open(path)
        sheets = printed(visitor.page)
        assert 1 <= sheets <= 20, path  # the contract itself has 13
        visitor.page.emulate_media(media="print")
        visitor.page.set_viewport_size(A4)  # type: ignore[arg-type]
        assert visitor.page.evaluate(SIDEWAYS) == [], path
        assert visitor.page.evaluate(CUT) == [], path
        assert not visitor.page.get_by_role("navigation", name=visitor.say("Main")).is_visible()
        assert visitor.page.get_by_role("heading", level=1).is_visible()
        visitor.page.emulate_media(media="screen")


def printed(page: Page) -> int:
    """Print a page and return how many sheets it takes."""
    document = page.pdf(format="A4")
    assert document.startswith(b"%PDF-")
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", document))
