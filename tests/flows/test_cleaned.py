"""A file that is stopped is cleaned by a recipe, goes on, is traded, and anybody runs the recipe again."""

import io
import json
import os
import secrets
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import market
from market.demo.goods import OPEN, Good
from market.verify import main
from tests import people
from tests.flows.browser import Browser
from tests.flows.hall import Hall

RECIPE: dict[str, Any] = {
    "version": 1,
    "operations": [
        {"operation": "trim", "columns": None},
        {"operation": "drop_duplicates"},
        {"operation": "mask", "column": "手机号", "class": "mobile"},
    ],
}
ROWS = 40
ROOT = Path(market.__file__).parents[1]


def dirty() -> tuple[bytes, list[str]]:
    """Return a file with mobile numbers, padded text and each fifth row twice; and the numbers."""
    numbers = [f"13{secrets.randbelow(10**9):09}" for _row in range(ROWS)]
    lines = [f"{number}, 型号{row % 3} ,{row}.5" for row, number in enumerate(numbers)]
    return "\n".join(["手机号,型号,读数", *lines, *lines[::5], ""]).encode(), numbers


def good(content: bytes) -> Good:
    return Good(
        "calls.csv",
        content,
        "回访读数",
        "Our own calls, cleaned.",
        "Readings by model.",
        {**OPEN, "sector": "commerce"},
    )


def uploaded(hall: Hall, content: bytes) -> str:
    """Return the address of a draft once it is measured."""
    made = good(content)
    stated: dict[str, str | list[str]] = {"title": made.title, "source": made.source, "rights": made.rights}
    asset = "/api/v1/assets/" + str(
        hall.provider.upload("/api/v1/assets", made.filename, content, stated)["id"]
    )
    measured(hall, asset)
    return asset


def measured(hall: Hall, asset: str) -> None:
    hall.settled(lambda: hall.provider.get(f"{asset}/inspection")["state"] == "measured", "measuring")


def cleaned(hall: Hall, asset: str, count: int) -> list[dict[str, Any]]:
    """Wait until a file was cleaned so often, and measured; return how."""
    hall.settled(lambda: len(hall.provider.get(f"{asset}/cleaning")["items"]) == count, "cleaning")
    measured(hall, asset)
    items: list[dict[str, Any]] = hall.provider.get(f"{asset}/cleaning")["items"]
    return items


def run(source: bytes, recipe: object, folder: Path) -> dict[str, Any]:
    """Run a recipe by the command; return what it says."""
    (folder / "source.csv").write_bytes(source)
    (folder / "recipe.json").write_text(json.dumps(recipe))
    command = [sys.executable, "-m", "market.cli", "clean", "source.csv", "--recipe", "recipe.json"]
    done = subprocess.run(
        [*command, "--out", "out", "--json"], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_cleaned_file_is_traded_and_its_recipe_runs_again(hall: Hall, tmp_path: Path) -> None:
    source, numbers = dirty()
    asset = uploaded(hall, source)
    assert hall.provider.ask("POST", f"{asset}/submission").code == "asset.stopped"

    wrong = {"version": 1, "operations": [{"operation": "mask", "column": "电话"}]}
    assert hall.provider.ask("POST", f"{asset}/cleaning", wrong).status == 202
    hall.settled(lambda: hall.provider.get(f"{asset}/cleaning")["asked"]["state"] == "refused", "refusal")
    refused = hall.provider.get(f"{asset}/cleaning")["asked"]
    assert (refused["code"], "电话" in refused["message"]) == ("recipe.unknown_column", True)
    assert hall.provider.ask("POST", f"{asset}/cleaning", {"version": 1, "operations": [{}]}).status == 422

    assert hall.provider.ask("POST", f"{asset}/cleaning", RECIPE).status == 202
    (done,) = cleaned(hall, asset, 1)
    assert (done["rows"], done["kept"]) == (ROWS + ROWS // 5, ROWS)
    assert [(one["cells"], one["rows"]) for one in done["changes"]] == [
        (ROWS + ROWS // 5, 0), (0, ROWS // 5), (ROWS, 0),
    ]  # fmt: skip
    assert hall.provider.get(asset)["file"]["digest"] == done["result_digest"]
    said = run(source, done["recipe"], tmp_path)
    assert (said["source_digest"], said["recipe_digest"], said["digest"]) == (
        done["source_digest"], done["recipe_digest"], done["result_digest"],
    )  # fmt: skip

    listing = hall.offer(
        good((tmp_path / "out").read_bytes())
    )  # finds the asset by its file, and hands it in
    assert [one["state"] for one in (hall.provider.get(asset),)] == ["REGISTERED"]
    public = hall.buyer.get(f"/api/v1/listings/{listing}/inspection")
    assert public["cleanings"] == [done]
    page = Browser(hall.url).open(f"/listings/{listing}/inspection")
    for digest in ("recipe_digest", "source_digest", "result_digest"):
        assert done[digest] in page
    assert "drop_duplicates" in page

    number = hall.agree(listing)
    evidence = tmp_path / "bundle.zip"
    evidence.write_bytes(hall.bundle(number))
    out = io.StringIO()
    assert main(evidence, None, out) == 0, out.getvalue()
    with zipfile.ZipFile(evidence) as files:
        openings = json.loads(files.read("openings.json"))
        everything = b"".join(files.read(name) for name in files.namelist())
    (row,) = (one["value"] for one in openings if one["field"] == "cleaning")
    (recipe,) = (one["value"] for one in openings if one["field"] == "cleaning.recipe")
    again = run(source, json.loads(recipe), tmp_path)
    assert (again["source_digest"], again["digest"]) == (row["source_digest"], row["result_digest"])
    told = everything.decode("utf-8", "replace") + json.dumps(public) + page
    assert [one for one in numbers if one in told] == []


def test_a_provider_cleans_on_the_page(hall: Hall) -> None:
    source, numbers = dirty()
    asset = uploaded(hall, source)
    place = asset.removeprefix("/api/v1")
    browser = Browser(hall.url)
    browser.open("/sign-in?lang=en")
    browser.press("/sign-in", email="provider@hall.example", password=people.PASSWORD)
    assert f"{place}/cleaning" in browser.open(place)
    browser.open(f"{place}/cleaning")
    typed = {"trim": "yes", "duplicates": "yes", "columns.0.hide": "stars", "columns.1.dates": "the day"}
    page = browser.press("/cleaning", 422, **typed)
    assert "Write the parts YYYY" in page
    assert "the day" in page
    typed |= {"columns.1.dates": "", "columns.2.cast": "decimal", "columns.2.places": "1"}
    browser.press("/cleaning", 200, **typed)
    (done,) = cleaned(hall, asset, 1)
    assert [one["operation"] for one in done["recipe"]["operations"]] == [
        "trim", "cast", "drop_duplicates", "mask",
    ]  # fmt: skip
    page = browser.open(place)
    assert "Mask column 手机号" in page
    assert "Measured before and after" in page
    assert f"{ROWS + ROWS // 5} → {ROWS}" in page
    assert [one for one in numbers if one in page] == []
    assert f"{place}/submission" in page
