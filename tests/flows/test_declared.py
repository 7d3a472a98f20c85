"""A column stops a registration until its provider declares it: the file is measured again and goes on."""

import secrets

from tests import people
from tests.flows.browser import Browser
from tests.flows.hall import Hall


def test_a_declared_column_no_longer_stops(hall: Hall) -> None:
    numbers = [f"13{secrets.randbelow(10**9):09}" for _row in range(40)]
    stated: dict[str, str | list[str]] = {"title": "回访", "source": "our own calls", "rights": ["hold"]}
    content = "\n".join(["手机号", *numbers, ""]).encode()
    asset_id = str(hall.provider.upload("/api/v1/assets", "calls.csv", content, stated)["id"])
    asset = f"/api/v1/assets/{asset_id}"
    inspection = f"{asset}/inspection"
    hall.settled(lambda: hall.provider.get(inspection)["state"] == "measured", "measuring")
    assert hall.provider.ask("POST", f"{asset}/submission").code == "asset.stopped"

    drafted = hall.provider.get(f"{asset}/declaration")
    assert (drafted["origin"], drafted["declared_at"]) == ("draft", None)
    said = drafted["declared"]
    wrong = said | {"columns": [said["columns"][0] | {"type": "number"}]}
    refused = hall.provider.ask("PUT", f"{asset}/declaration", wrong)
    assert (refused.status, refused.code) == (422, "declaration.invalid")
    assert refused.body["faults"] == [{"path": "columns.0.type", "code": "declared.type"}]

    seen = hall.provider.get(inspection)
    before, (stopping,) = seen["report_digest"], seen["sensitive"]["found"]
    assert [one["personal"] for one in said["columns"]] == [None] * len(said["columns"])  # that must be said
    said["columns"] = [
        one | {"personal": "mobile"} if one["name"] == stopping["column"] else one for one in said["columns"]
    ]
    assert hall.provider.ask("PUT", f"{asset}/declaration", said).status == 200
    hall.settled(lambda: hall.provider.get(inspection)["state"] == "measured", "measuring")
    measured = hall.provider.get(inspection)
    assert measured["report_digest"] != before
    (found,) = measured["sensitive"]["found"]
    assert (found["class"], found["declared"]) == ("mobile", "mobile")
    assert measured["sensitive"]["stops"] == []
    assert hall.provider.ask("POST", f"{asset}/submission").status == 200
    late = hall.provider.ask("PUT", f"{asset}/declaration", said | {"description": "calls"})
    assert (late.status, late.code) == (409, "asset.wrong_state")


def test_a_provider_declares_on_the_page(hall: Hall) -> None:
    numbers = [f"13{secrets.randbelow(10**9):09}" for _row in range(40)]
    stated: dict[str, str | list[str]] = {"title": "回访", "source": "our own calls", "rights": ["hold"]}
    content = "\n".join(["手机号", *numbers, ""]).encode()
    asset_id = str(hall.provider.upload("/api/v1/assets", "calls.csv", content, stated)["id"])
    inspection = f"/api/v1/assets/{asset_id}/inspection"
    hall.settled(lambda: hall.provider.get(inspection)["state"] == "measured", "measuring")
    browser = Browser(hall.url)
    browser.open("/sign-in?lang=en")
    browser.press("/sign-in", email="provider@hall.example", password=people.PASSWORD)
    assert "/declaration" in browser.open(f"/assets/{asset_id}")
    browser.open(f"/assets/{asset_id}/declaration")
    typed: dict[str, str] = {
        "columns.0.personal": "mobile",
        "columns.0.description": "whom we called",
    }
    page = browser.press(
        "/declaration", 422, **typed, **{"columns.0.pattern": "(?=a)b", "rules.1.expression": "no such"}
    )
    assert "no look-around" in page
    assert 'href="#f-columns.0.pattern"' in page
    page = browser.press("/declaration", 422, **{"columns.0.pattern": "", "rules.1.expression": "no such"})
    assert 'href="#f-rules.1.expression"' in page
    assert "whom we called" in page
    browser.press(
        "/declaration", 200, **typed, **{"columns.0.pattern": "[0-9]{11}", "rules.1.expression": ""}
    )
    hall.settled(lambda: hall.provider.get(inspection)["state"] == "measured", "measuring")
    assert hall.provider.get(inspection)["sensitive"]["stops"] == []
    (column,) = hall.provider.get(f"/api/v1/assets/{asset_id}/declaration")["declared"]["columns"]
    assert (column["pattern"], column["description"]) == ("[0-9]{11}", "whom we called")


def test_what_is_opened_and_sent_unchanged_stays_the_same(hall: Hall) -> None:
    stated: dict[str, str | list[str]] = {"title": "读数", "source": "our own gauges", "rights": ["hold"]}
    content = f"a b,日\n{secrets.token_hex()},2020-01-01\n{secrets.token_hex()},2020-01-02\n".encode()
    asset_id = str(hall.provider.upload("/api/v1/assets", "gauges.csv", content, stated)["id"])
    declaration, inspection = (f"/api/v1/assets/{asset_id}/{name}" for name in ("declaration", "inspection"))
    hall.settled(lambda: hall.provider.get(inspection)["state"] == "measured", "measuring")
    column = {
        "name": "a b", "type": "text", "description": "\n of <\"it\">\n ", "required": True, "unique": True,
        "pattern": " ?.+", "allowed": [" a", "b, c", "，", "&amp;"], "longest": 99, "quasi": True, "unit": " kg",
        "personal": "plate",
    }  # fmt: skip
    said = {
        "columns": [column, {"name": "日", "type": "date", "minimum": "2020-01-01", "maximum": "2021-01-01"}],
        "key": ["日", "a b"], "period": {"column": "日", "start": "2020-01-01", "end": "2020-02-01", "every_days": 7},
        "rules": [{"expression": '\n"a b" <> \'>\'', "code": "0503", "description": "\n late \n"}],
        "description": "\n<b>two</b>\nlines",
    }  # fmt: skip
    assert hall.provider.ask("PUT", declaration, said).status == 200
    before = hall.provider.get(declaration)
    browser = Browser(hall.url)
    browser.open("/sign-in?lang=zh")
    browser.press("/sign-in", email="provider@hall.example", password=people.PASSWORD)
    browser.open(f"/assets/{asset_id}/declaration")
    browser.press("/declaration", 200)
    assert hall.provider.get(declaration) == before
    browser.open(f"/assets/{asset_id}/declaration")
    changed = {
        "columns.0.unit": "g",
        "columns.0.longest": "98",
        "period.every_days": "8",
        "rules.0.description": "x",
    }
    browser.press("/declaration", 200, **changed)
    after = hall.provider.get(declaration)["declared"]
    assert (after["columns"][0]["unit"], after["columns"][0]["longest"]) == ("g", 98)
    assert (after["period"]["every_days"], after["rules"][0]["description"]) == (8, "x")
