"""What people see when something is refused: every kind of refusal, with what to do and the request's id."""

import pytest
from playwright.sync_api import Response

from tests import people
from tests.browser import looks
from tests.browser.conftest import Come
from tests.browser.eyes import Eyes
from tests.browser.looks import Look
from tests.browser.visitor import Visitor
from tests.flows.hall import Hall

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("look", looks.TOURS, ids=str)]


def refused(answer: Response | None, status: int) -> None:
    """Check the status of what was answered; its page was looked at on arrival."""
    assert answer is not None
    assert answer.status == status


def test_addresses_that_are_not_there_or_not_for_you(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    visitor = come()
    refused(visitor.open("/nothing/here"), 404)
    refused(visitor.open("/sign-out"), 405)
    visitor.open("/assets")
    assert "/sign-in" in visitor.page.url
    visitor.sign_in("buyer@hall.example", people.PASSWORD)
    refused(visitor.open("/organisations"), 403)
    refused(visitor.open("/assets/00000000-0000-0000-0000-000000000000"), 404)
    refused(visitor.open("/trades/0000000000"), 404)
    eyes.judge()


def test_forms_say_what_to_correct(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    visitor = come()
    visitor.open("/join")
    lenient(visitor)
    visitor.type("Unified social credit code", "91370100MA3CDEFG0X")
    visitor.type("Email address", "nobody")
    refused(visitor.press("Send the application"), 422)
    wrong = visitor.labelled("Email address")
    assert wrong.get_attribute("aria-invalid") == "true"
    assert wrong.input_value() == "nobody"
    visitor.sign_in("provider@hall.example", people.PASSWORD)
    visitor.open("/assets/new")
    lenient(visitor)
    visitor.press("Store and measure")
    assert visitor.main.locator("[aria-invalid=true]").count() > 0
    eyes.judge()


def test_a_form_sent_too_late(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    visitor = come()
    visitor.open("/sign-in")
    visitor.type("Email address", "buyer@hall.example")
    visitor.type("Password", people.PASSWORD)
    visitor.context.clear_cookies(name="qilu_form")
    refused(visitor.press("Sign in"), 400)
    eyes.judge()


def test_too_many_attempts(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    visitor, email = come(), people.application().email
    statuses = []
    for _attempt in range(6):
        visitor.open("/sign-in")
        visitor.type("Email address", email)
        visitor.type("Password", "wrong horse battery")
        answer = visitor.press("Sign in")
        assert answer is not None
        statuses.append(answer.status)
    assert statuses == [401] * 5 + [429]
    eyes.judge()


def test_more_text_than_fits(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    visitor, number = come(), hall.agree(hall.priced)
    visitor.sign_in("buyer@hall.example", people.PASSWORD)
    visitor.open(f"/trades/{number}")
    lenient(visitor)
    visitor.type("Reason", "too long " * 150_000)
    refused(visitor.press("Cancel the trade"), 413)
    eyes.judge()


def test_somebody_was_faster(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    """The page is older than the trade: the other button was pressed elsewhere meanwhile."""
    visitor, number = come(), hall.sell()
    visitor.sign_in("buyer@hall.example", people.PASSWORD)
    visitor.open(f"/trades/{number}")
    assert hall.buyer.do(number, "rejection", reason="not what was promised").status == 200
    refused(visitor.press("Accept the delivery"), 409)
    eyes.judge()


def lenient(visitor: Visitor) -> None:
    """Let the forms of this page be sent as they are, as by a browser that checks nothing itself."""
    visitor.page.eval_on_selector_all("form", "all => all.forEach(one => { one.noValidate = true; })")
