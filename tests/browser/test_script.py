"""What the pages' script does when something goes wrong, on a page of a few lines."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

import market

pytestmark = pytest.mark.browser

SCRIPT = (Path(market.__file__).parent / "static" / "qilu.js").read_text()
PAGE = "http://localhost/page"


def html(part: str) -> str:
    return f"""<!doctype html><title>a page</title><script src="/qilu.js" defer></script>
        <p id="said"></p><div id="live-a" data-live="waits">{part}</div>
        <form method="post"><button type="submit">Send</button></form>"""


def opened(chromium: Browser, answers: list[Route]) -> Page:
    """Open the page; whatever is asked for after it waits in the list."""
    page = chromium.new_page()
    page.route("**/qilu.js", lambda route: route.fulfill(body=SCRIPT, content_type="text/javascript"))
    page.route(PAGE, lambda route: route.fulfill(body=html("one"), content_type="text/html"), times=1)
    page.clock.install()
    page.goto(PAGE)
    page.route(PAGE, lambda route: answers.insert(0, route))
    return page


def asked(page: Page, answers: list[Route]) -> Route:
    """Return the next thing that the page asks for."""
    for _moment in range(200):
        page.clock.run_for(500)
        page.wait_for_timeout(50)
        if answers:
            return answers.pop()
    raise AssertionError("the page does not ask any more")


def test_a_page_that_waits_outlives_a_failing_server(chromium: Browser) -> None:
    answers: list[Route] = []
    page = opened(chromium, answers)
    asked(page, answers).fulfill(status=503, body="not now", content_type="text/html")
    asked(page, answers).abort()
    asked(page, answers).fulfill(body=html("two"), content_type="text/html")
    expect(page.locator("#live-a")).to_have_text("two")
    page.close()


def test_a_button_is_busy_while_its_form_is_sent(chromium: Browser) -> None:
    page = opened(chromium, [])
    button = page.get_by_role("button")
    page.evaluate("document.forms[0].dispatchEvent(new SubmitEvent('submit', {bubbles: true}))")
    expect(button).to_have_attribute("aria-busy", "true")
    page.evaluate("dispatchEvent(new Event('pageshow'))")
    expect(button).not_to_have_attribute("aria-busy", "true")
    page.close()
