"""One identity number far down in a large file: refused in both languages, appealed, held, released, corrected."""

import itertools
from typing import Any, Final

import pytest

from tests import people
from tests.conftest import CI
from tests.flows.browser import Browser
from tests.flows.hall import Hall

ROWS: Final = 1_000_000 if CI else 20_001
PLANTED: Final = 900_001 if CI else 18_001
WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_count = itertools.count(1)


def identity(number: int) -> str:
    """Return a resident identity number with its check symbol (GB 11643-1999); the place code is of no county."""
    digits = f"37010019900307{number:03}"
    rest = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True)) % 11
    return digits + "10X98765432"[rest]


def uploaded(hall: Hall) -> tuple[str, str]:
    """Return an asset with one identity number in the remarks of one row, and that number."""
    secret = identity(next(_count))
    note = f"巡检员 {secret} 登记"
    lines = (
        f"{row},{row * 7919 % 10_007 / 10},{note if row == PLANTED else '正常'}" for row in range(1, ROWS + 1)
    )
    content = "\n".join(["序号,读数,备注", *lines, ""]).encode()
    stated: dict[str, str | list[str]] = {"title": "泵站读数", "source": "our own gauges", "rights": ["hold"]}
    asset_id = str(hall.provider.upload("/api/v1/assets", "readings.csv", content, stated)["id"])
    hall.settled(lambda: hall.provider.get(inspection(asset_id))["state"] == "measured", "measuring")
    return asset_id, secret


def inspection(asset_id: str) -> str:
    return f"/api/v1/assets/{asset_id}/inspection"


def signed_in(hall: Hall, email: str, language: str) -> Browser:
    browser = Browser(hall.url)
    browser.open(f"/sign-in?lang={language}")
    browser.press("/sign-in", email=email, password=people.PASSWORD)
    return browser


@pytest.mark.parametrize(
    ("language", "said", "stop"),
    [
        ("zh", "文件中的发现拦停了登记", "列“备注”含未声明的个人信息（居民身份证号）"),
        (
            "en",
            "What was found in the file stops the registration",
            "Column “备注” holds undeclared personal data",
        ),
    ],
)
def test_one_number_in_a_large_file_is_found_and_refused(
    hall: Hall, language: str, said: str, stop: str
) -> None:
    asset_id, secret = uploaded(hall)
    browser = signed_in(hall, "provider@hall.example", language)
    page = browser.open(f"/assets/{asset_id}")
    assert said in page
    assert stop in page
    assert "R2.7" in page
    assert f"/assets/{asset_id}/submission" not in page
    assert secret not in page


def found(hall: Hall, asset_id: str) -> dict[str, Any]:
    sensitive: dict[str, Any] = hall.provider.get(inspection(asset_id))["sensitive"]
    return sensitive


def test_appealed_held_released_corrected(hall: Hall) -> None:
    asset_id, secret = uploaded(hall)
    asset = f"/api/v1/assets/{asset_id}"
    (finding,) = found(hall, asset_id)["found"]
    assert (finding["column"], finding["class"], finding["cells"], finding["filled"]) == (
        "备注", "resident_id", 1, ROWS,
    )  # fmt: skip
    assert finding["examples"]
    assert secret not in str(finding)
    refused = hall.provider.ask("POST", f"{asset}/submission")
    assert (refused.status, refused.code) == (409, "asset.stopped")
    assert refused.body["stops"] == [
        {"code": "personal", "column": "备注", "what": "resident_id", "declared": ""}
    ]
    assert hall.operator.ask("GET", asset).status == 404

    provider, operator = signed_in(hall, "provider@hall.example", "en"), hall.operator
    provider.open(f"/assets/{asset_id}/appeal")
    provider.press("/appeal", reason="the inspector agreed")
    hold = {"decision": "hold", "reason": "show us that"}
    assert operator.ask("POST", f"{asset}/release", hold).status == 200
    assert "show us that" in provider.open(f"/assets/{asset_id}")
    assert hall.provider.ask("POST", f"{asset}/submission").code == "asset.stopped"

    assert hall.provider.ask("POST", f"{asset}/appeal", {"reason": "see our letter"}).status == 200
    release = {"decision": "release", "reason": "seen"}
    assert hall.provider.ask("POST", f"{asset}/release", release).status == 403
    assert operator.ask("POST", f"{asset}/release", release).status == 200
    assert hall.provider.ask("POST", f"{asset}/submission").status == 200

    wrong = {"column": "备注", "class": "name", "reason": "it is a name beside a number"}
    assert operator.ask("POST", f"{asset}/corrections", wrong).status == 200
    approve = {"decision": "approve", "reason": "fine"}
    assert operator.ask("POST", f"{asset}/review", approve).code == "asset.stopped"
    right = {"column": "备注", "class": "resident_id", "reason": "it is a number after all"}
    assert operator.ask("POST", f"{asset}/corrections", right).status == 200
    assert [one["class"] for one in found(hall, asset_id)["corrections"]] == ["name", "resident_id"]
    assert operator.ask("POST", f"{asset}/review", approve).status == 200
    hall.settled(lambda: hall.provider.get(asset)["state"] == "REGISTERED", "registration")
    assert "it is a number after all" in provider.open(f"/assets/{asset_id}")
