"""A stranger fills the blank form of a model text, with scripts and without them."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import looks
from tests.browser.conftest import Come
from tests.browser.eyes import Eyes
from tests.browser.looks import Look
from tests.browser.visitor import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("look", looks.TOURS, ids=str)]

FORM = "/texts/data-provision/1.0/form"


def test_a_form_asks_for_what_its_answers_need(look: Look, come: Come, eyes: Eyes, tmp_path: Path) -> None:
    visitor = come()
    visitor.open(FORM)
    tiers = visitor.page.locator('[id="f-terms.price.tiers"]')
    amount = visitor.page.locator('[id="f-terms.price.amount"]')
    expect(amount).to_be_visible()
    expect(tiers).to_be_hidden()
    visitor.page.locator('input[name="terms.price.model"][value="tiers"]').check()
    if not look.scripts:
        visitor.press("Show the blanks that these answers ask for")
    expect(tiers).to_be_visible()
    expect(amount).to_be_hidden()
    visitor.press("Add rows", tiers)
    expect(visitor.page.locator('[name="terms.price.tiers.3.amount"]')).to_be_visible()
    visitor.page.locator('[name="terms.price.tiers.0.from"]').fill("1")
    visitor.page.locator('[name="terms.price.tiers.0.amount"]').fill("12.50")
    answer = visitor.press("Take the form as PDF")
    assert answer is not None
    assert answer.status == 422
    visitor.page.locator('[role=alert] a[href="#f-terms.price.tiers"]').click()
    expect(visitor.page.locator('[name="terms.price.tiers.0.amount"]')).to_have_value("12.50")
    visitor.page.locator('[name="terms.price.tiers.0.from"]').fill("0")
    for _twice in range(2):  # the form stays as it is and can be taken again
        with visitor.page.expect_download(timeout=PATIENCE) as coming:
            visitor.main.get_by_role("button", name=visitor.say("Take the form as PDF")).click()
        coming.value.save_as(tmp_path / "form.pdf")
        assert (tmp_path / "form.pdf").read_bytes().startswith(b"%PDF-")
    eyes.judge()


def test_a_text_is_read_and_compared(look: Look, come: Come, eyes: Eyes) -> None:
    visitor = come()
    visitor.open("/")
    visitor.follow(visitor.say("Read the model contracts"))
    for path in (
        "/texts/data-provision/1.0",
        "/texts/data-provision/1.0?show=both",
        "/texts/open-licence/0.1",
        "/texts/data-provision/0.1...1.0?show=both",
        f"{FORM}?show=both",
    ):
        visitor.open(path)
    eyes.judge()
