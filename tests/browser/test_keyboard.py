"""A trade without a mouse: signing in, paying and accepting by Tab, Enter and typing alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests import people
from tests.browser import looks
from tests.browser.conftest import Come
from tests.browser.eyes import FOCUS, Eyes
from tests.browser.looks import Look
from tests.browser.visitor import Visitor
from tests.flows.hall import Hall

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("look", looks.TOURS, ids=str)]

FAR = 120
"""More steps of Tab than any page has things to reach."""
HELD = """(one) => one === document.activeElement"""


def reach(visitor: Visitor, name: str | re.Pattern[str], role: str) -> None:
    """Press Tab until the thing of that name has the keyboard; it shows on every step where the keyboard is."""
    wanted = visitor.page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    for _step in range(FAR):
        visitor.page.keyboard.press("Tab")
        shown = visitor.page.evaluate(FOCUS)
        where = visitor.page.evaluate("() => document.activeElement.outerHTML.slice(0, 160)")
        if not where.startswith("<body"):  # past the last thing the browser itself has the keyboard
            assert shown["shown"], f"the keyboard is on something hidden: {where}"
            assert shown["outlined"], f"nothing shows that the keyboard is here: {where}"
            assert shown["inside"], f"the keyboard is outside the window: {where}"
        if wanted.evaluate(HELD):
            return
    raise AssertionError(f"Tab never reaches {name} on {visitor.page.url}")


def enter(visitor: Visitor) -> Callable[[], None]:
    return lambda: visitor.page.keyboard.press("Enter")


def test_signing_in_paying_and_accepting(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    visitor, number = come(), hall.agree(hall.priced)
    say = visitor.say
    visitor.open("/")
    reach(visitor, say("Sign in"), "link")
    visitor.going(enter(visitor))
    reach(visitor, say("Email address"), "textbox")
    visitor.page.keyboard.type("buyer@hall.example")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.type(people.PASSWORD)
    visitor.going(enter(visitor))
    reach(visitor, say("Trades"), "link")
    visitor.going(enter(visitor))
    reach(visitor, number, "link")
    visitor.going(enter(visitor))
    reach(visitor, re.compile("268.00"), "button")
    visitor.going(enter(visitor))
    assert visitor.page.url.startswith(hall.sandbox.base)
    reach(visitor, re.compile("^付款 Pay$"), "button")
    visitor.going(enter(visitor))
    hall.until(number, "settlement.funded")
    hall.receive(number)
    visitor.open(f"/trades/{number}")
    reach(visitor, say("Accept the delivery"), "button")
    visitor.going(enter(visitor))
    visitor.reads("You accepted the delivery.")
    eyes.judge()


def test_the_first_thing_skips_to_the_content(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    visitor = come()
    visitor.open("/listings")
    visitor.page.keyboard.press("Tab")
    skip = visitor.page.get_by_role("link", name=visitor.say("Skip to the content"), exact=True)
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Tab")
    assert visitor.main.evaluate("main => main.contains(document.activeElement)")
    eyes.judge()
