"""The stand-in's own pages: payers and providers meet them in every demonstration, so they are held to the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser

from market.payments.stripe import Stripe
from market.sandbox import Sandbox
from tests.browser.eyes import CUT, OUTLINE, RULES, RUN_AXE, SIDEWAYS
from tests.market.sandbox.driver import KEY, click, open_checkout

pytestmark = pytest.mark.browser

RETURN = "http://localhost:8080/back"


@pytest.fixture
def addresses(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A pay page as each may be met, a bank's page and an onboarding."""
    platform = Sandbox(0, tmp_path).start()
    client = Stripe(platform.base, KEY)
    fresh, paid, asked = (open_checkout(client, key=f"checkout:{number}:1") for number in range(3))
    click(paid, "pay")
    bank = click(asked, "pay", "pm_card_authenticationRequired").headers["Location"]
    account = client.create_account(key="account:1:1", name="海洋数据 Marine data", metadata={})
    link = client.create_account_link(
        key="link:1:1", account=account.id, refresh_url=RETURN, return_url=RETURN
    )
    yield {"pay": fresh.url, "paid": paid.url, "bank": bank, "onboarding": link.url}
    platform.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_bars_the_way(chromium: Browser, addresses: dict[str, str], scheme: str) -> None:
    context = chromium.new_context(
        viewport={"width": 360, "height": 740},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,  # for axe alone; nothing of the pages' own needs it
    )
    found: dict[str, list[str]] = {}
    for name, address in addresses.items():
        page = context.new_page()
        page.goto(address)
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        page.evaluate(AXE_SCRIPT)
        faults = page.evaluate(RUN_AXE, RULES[scheme])["violations"]
        faults += page.evaluate(OUTLINE, "zh") + page.evaluate(SIDEWAYS) + page.evaluate(CUT)
        found[name] = faults
    context.close()
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_a_payer_chooses_a_wallet_by_its_name(chromium: Browser, addresses: dict[str, str]) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(addresses["pay"])
    page.get_by_label("支付宝 Alipay").check()
    with page.expect_request(lambda request: request.url.startswith(RETURN)):
        page.get_by_role("button", name="付款 Pay", exact=True).click()
    context.close()
