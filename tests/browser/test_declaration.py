"""A declaration on its page: sent back unchanged it is the same, and every part of it can be changed."""

import secrets
from typing import Any

import pytest

from tests import people
from tests.browser import looks
from tests.browser.conftest import Come
from tests.browser.eyes import Eyes
from tests.browser.looks import Look
from tests.flows.hall import Hall

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("look", looks.OPPOSITE, ids=str)]

SAID: dict[str, Any] = {
    "columns": [
        {
            "name": "a b", "description": "\n of <\"it\">\n ", "required": True, "unique": True, "pattern": " ?.+",
            "allowed": [" a", "b, c", "，", "&amp;"], "longest": 99, "personal": "plate", "quasi": True, "unit": " kg",
        },
        {"name": "日", "type": "date", "minimum": "2020-01-01", "maximum": "2021-01-01"},
    ],
    "key": ["日", "a b"],
    "rules": [{"expression": "\n\"a b\" <> '>'", "code": "0503", "description": "\n late \n"}],
    "period": {"column": "日", "start": "2020-01-01", "end": "2020-02-01", "every_days": 7},
    "description": "\n<b>two</b>\nlines",
}  # fmt: skip


def test_every_part_is_kept_and_can_be_changed(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    stated: dict[str, str | list[str]] = {"title": "读数", "source": "our own gauges", "rights": ["hold"]}
    content = f"a b,日\n{secrets.token_hex()},2020-01-01\n{secrets.token_hex()},2020-01-02\n".encode()
    made = hall.provider.upload("/api/v1/assets", "gauges.csv", content, stated)
    declaration, inspection = (
        f"/api/v1/assets/{made['id']}/{name}" for name in ("declaration", "inspection")
    )
    hall.settled(lambda: hall.provider.get(inspection)["state"] == "measured", "measuring")
    assert hall.provider.ask("PUT", declaration, SAID).status == 200
    before = hall.provider.get(declaration)
    visitor = come()
    visitor.sign_in("provider@hall.example", people.PASSWORD)
    page = f"/assets/{made['id']}/declaration"
    visitor.open(page)
    visitor.press("Declare and measure again")
    assert hall.provider.get(declaration) == before
    visitor.open(page)
    for name, text in {
        "columns.0.unit": "g", "columns.0.longest": "98", "columns.0.allowed": "x\ny", "period.every_days": "8",
        "rules.0.description": "", "rules.1.expression": '"a b" IS NOT NULL', "description": "one",
    }.items():  # fmt: skip
        visitor.page.locator(f'[name="{name}"]').fill(text)
    visitor.page.locator('[name="columns.0.quasi"]').uncheck()
    visitor.page.locator('[name="columns.1.pattern"]').fill("(?=a)")
    visitor.press("Declare and measure again")
    assert visitor.page.locator('[href="#f-columns.1.pattern"]').is_visible()
    visitor.page.locator('[name="columns.1.pattern"]').fill("")
    visitor.press("Declare and measure again")
    after = hall.provider.get(declaration)["declared"]
    expected = before["declared"] | {"description": "one"}
    expected["columns"][0] |= {"unit": "g", "longest": 98, "allowed": ["x", "y"], "quasi": False}
    expected["period"]["every_days"] = 8
    expected["rules"][0]["description"] = ""
    expected["rules"].append({"expression": '"a b" IS NOT NULL', "code": "0104", "description": ""})
    assert after == expected
    eyes.judge()
