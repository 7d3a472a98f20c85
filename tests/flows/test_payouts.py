"""A provider of whom the payment platform still wants something goes there from a page, and can be paid after it."""

import uuid

from tests import people
from tests.flows.browser import Browser
from tests.flows.hall import Hall


def test_a_provider_tells_the_platform_and_can_be_paid(hall: Hall) -> None:
    hall.control("settings", transfers="inactive")
    try:
        email = f"{uuid.uuid4().hex[:8]}@payee.example"
        hall._join("provider", email)
        browser = Browser(hall.url)
        browser.open("/sign-in")
        browser.press("/sign-in", email=email, password=people.PASSWORD)
        hall.settled(lambda: "/payouts" in browser.open("/"), "the platform's question on the first page")
    finally:
        hall.control("settings", transfers="active")
    text = browser.open("/payouts")
    assert "尚需的资料" in text
    assert "用于收款的银行账户" in text
    browser.press("/payouts/onboarding")
    way = browser.page.url
    assert way.startswith(hall.sandbox.base), "the click leads to the platform"
    assert way not in browser.open("/payouts"), "the way is kept nowhere"
    browser.open(way)
    assert browser.page.url != way, "a way that was used leads here, and to another one"
    assert browser.page.url.startswith(hall.sandbox.base)
    back = browser.press("", outcome="finish")
    assert browser.page.url == f"{hall.url}/payouts"
    assert "尚需的资料" not in back
    hall.settled(lambda: "可收款" in browser.open("/payouts"), "the account is open")
    assert "/payouts/onboarding" not in browser.open("/payouts")
