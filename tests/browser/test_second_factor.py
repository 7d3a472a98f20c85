"""A passkey in a real browser, whose authenticator is Chromium's own virtual one."""

import re

import pytest
from playwright.sync_api import expect

from tests import people
from tests.browser.conftest import Come
from tests.browser.eyes import Eyes
from tests.browser.looks import Look
from tests.browser.visitor import Visitor
from tests.flows.hall import Caller, Hall

pytestmark = pytest.mark.browser

WITH_SCRIPTS = [Look("zh", scripts=True, wide=False), Look("en", scripts=True, wide=True)]
CODE = re.compile(r"^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$")


@pytest.mark.parametrize("look", WITH_SCRIPTS, ids=str)
def test_one_of_the_staff_sets_a_passkey_up_and_signs_in_with_it(
    look: Look, come: Come, eyes: Eyes, hall: Hall
) -> None:
    email, auditor = joined(hall), come()
    authenticator = with_authenticator(auditor)
    give_password(auditor, email)
    assert auditor.page.url.endswith("/me/second-factor")
    auditor.reads("Your role needs a second factor. Set one up now; nothing else works before.")
    auditor.open("/audit")
    assert auditor.page.url.endswith("/me/second-factor")

    auditor.type("Name of the passkey", "Laptop")
    auditor.press("Add a passkey")
    codes = auditor.main.locator("code").all_inner_texts()
    assert len(codes) == 10
    assert all(CODE.match(code) for code in codes)
    auditor.follow(auditor.say("I have kept them"))
    expect(auditor.main).to_contain_text("Laptop")
    auditor.open("/audit")
    assert auditor.page.url.endswith("/audit")
    sign_out(auditor)

    give_password(auditor, email)
    assert auditor.page.url.endswith("/sign-in/second-factor")
    auditor.press("Use a passkey")
    auditor.open("/audit")
    assert auditor.page.url.endswith("/audit")
    sign_out(auditor)

    auditor._devtools.send("WebAuthn.setUserVerified", {**authenticator, "isUserVerified": False})
    give_password(auditor, email)
    button = auditor.main.get_by_role("button", name=auditor.say("Use a passkey"), exact=True)
    button.click()
    auditor.main.get_by_role("alert").filter(
        has_text=auditor.say("Nothing was confirmed. Try again.")
    ).wait_for()
    auditor.type("Recovery code", codes[3])
    auditor.press("Continue")
    auditor.open("/me/second-factor")
    auditor.reads("Codes that are left:")
    assert "9" in auditor.main.inner_text()
    eyes.judge()


def joined(hall: Hall) -> str:
    """Let an auditor join who has no second factor yet; return their address."""
    email = people.application().email
    invited = hall.operator.post("/api/v1/members/invitations", {"email": email, "roles": ["auditor"]})
    body = {"name": "新审计员", "password": people.PASSWORD}
    Caller(hall.url, "auditor").post(f"/api/v1/invitations/{invited['token']}", body)
    return email


def give_password(visitor: Visitor, email: str) -> None:
    visitor.open("/sign-in")
    visitor.type("Email address", email)
    visitor.type("Password", people.PASSWORD)
    visitor.press("Sign in")


def with_authenticator(visitor: Visitor) -> dict[str, str]:
    """Give a browser an authenticator that answers by itself; return its name for the browser."""
    visitor._devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = visitor._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return {"authenticatorId": made["authenticatorId"]}


def sign_out(visitor: Visitor) -> None:
    visitor.page.locator("details.person summary").click()
    visitor.going(visitor.page.get_by_role("button", name=visitor.say("Sign out"), exact=True).click)
