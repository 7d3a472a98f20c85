"""Two rounds of negotiation in the browser: other terms, a suggestion taken up with one click, acceptance."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests import people
from tests.browser import looks
from tests.browser.conftest import Come
from tests.browser.looks import Look
from tests.flows.hall import Hall

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("look", looks.TOURS, ids=str)
def test_two_rounds(look: Look, come: Come, hall: Hall) -> None:
    number = hall.ask_for(hall.priced)
    place = f"/contracts/{number}"
    provider, buyer = come(), come()
    for visitor, email in ((provider, "provider@hall.example"), (buyer, "buyer@hall.example")):
        visitor.sign_in(email, people.PASSWORD)
    provider.open(f"{place}/offer")
    provider.page.locator('[name="terms.term.days"]').fill("180")
    provider.type("Comment", "半年即可")
    provider.press("Make this offer")
    buyer.open(place)
    buyer.open(f"{place}/versions/2")
    expect(buyer.main.locator("del").first).to_contain_text(re.compile("365"))
    expect(buyer.main.locator("ins").first).to_contain_text(re.compile("180"))
    _picture(buyer.page, look, "redline")
    buyer.open(f"{place}/clauses/term")
    buyer.page.locator('[name="terms.term.days"]').fill("270")
    buyer.type("Comment", "九个月如何")
    buyer.press("Suggest this")
    _picture(buyer.page, look, "contract")
    provider.open(place)
    provider.press("Take up this suggestion")
    provider.open(f"{place}/versions/3")
    assert hall.provider.get(f"/api/v1/contracts/{number}")["version"] == 3


def _picture(page: object, look: Look, name: str) -> None:
    if folder := os.environ.get("QILU_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name} {look}.png"), full_page=True)  # type: ignore[attr-defined]
