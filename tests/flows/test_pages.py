"""A whole trade in a browser without JavaScript: links, forms, and the pay page of the sandbox."""

import pytest
import requests

from tests import people
from tests.flows.browser import Browser
from tests.flows.hall import Hall


def signed_in(hall: Hall, email: str) -> Browser:
    browser = Browser(hall.url)
    browser.open("/sign-in?lang=en")
    browser.press("/sign-in", email=email, password=people.PASSWORD)
    return browser


def test_a_trade_by_links_and_forms_alone(hall: Hall) -> None:
    provider, buyer = (signed_in(hall, f"{who}@hall.example") for who in ("provider", "buyer"))
    buyer.open(f"/listings/{hall.priced}")
    buyer.press("/contracts", listing=hall.priced)
    number = buyer.page.url.rsplit("/", 1)[1]
    for browser in (provider, buyer):
        browser.open(f"/contracts/{number}")
        browser.press(f"/contracts/{number}/signature")
    hall.until(number, "contract.finalized")
    buyer.open(f"/trades/{number}")
    buyer.press("/payment")
    assert buyer.page.url.startswith(hall.sandbox.base)
    assert "268.00" in buyer.page.text
    requests.post(buyer.page.url, data={"outcome": "pay"}, timeout=60, allow_redirects=False)
    hall.until(number, "settlement.funded")
    assert hall.is_the_weather(buyer.download(f"/trades/{number}/delivery"))
    hall.until(number, "delivery.completed")
    buyer.open(f"/trades/{number}")
    buyer.press("/acceptance")
    hall.until(number, "settlement.released")
    assert "RELEASED" in provider.open(f"/trades/{number}").upper()


def test_search_finds_two_chinese_characters(hall: Hall) -> None:
    browser = Browser(hall.url)
    assert hall.priced in browser.open("/listings?q=天气")
    assert hall.free in browser.open("/listings?q=行政区划")
    assert hall.priced not in browser.open("/listings?q=行政")
    assert hall.priced not in browser.open("/listings?sector=civil-affairs")


@pytest.mark.parametrize("path", ["/", "/listings", "/rules", "/ledger", "/join", "/sign-in"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_public_pages_answer_in_both_languages(hall: Hall, path: str, language: str) -> None:
    page = Browser(hall.url).open(f"{path}?lang={language}")
    assert f'lang="{language}' in page
    assert ("数据" in page) or language == "en"
