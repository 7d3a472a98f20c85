"""Files cleaned by a real child process."""

import hashlib
from pathlib import Path

import pytest

from market import data
from market.inspection.cleaning.explain import CODES, explain
from market.inspection.cleaning.parsing import parse
from market.inspection.cleaning.recipe import (
    CSV,
    PARQUET,
    Cast,
    DropColumns,
    DropDuplicates,
    Kind,
    Otherwise,
    Recipe,
    Rename,
    Trim,
)
from market.inspection.cleaning.service import clean_file
from market.inspection.limits import Limits
from market.inspection.refusal import Refusal

WEATHER = Recipe((
    Cast("date", Kind.DATE, Otherwise.STOP),
    Cast("wind", Kind.DECIMAL, Otherwise.STOP, 1),
    DropColumns(("weather",)),
    DropDuplicates(),
))  # fmt: skip


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("media_type", [CSV, PARQUET])
def test_the_same_file_and_recipe_give_the_same_bytes(tmp_path: Path, media_type: str) -> None:
    source, out, again = (tmp_path / name for name in ("weather.csv", "out", "again"))
    source.write_bytes(data.weather())
    recipe = Recipe(WEATHER.operations, media_type)
    cleaned = clean_file(source, CSV, recipe, out)
    assert cleaned.source_digest == sha256(data.weather())
    assert cleaned.recipe_digest == recipe.digest == parse(recipe.text).digest
    assert (cleaned.digest, cleaned.size) == (sha256(out.read_bytes()), out.stat().st_size)
    assert (cleaned.rows, cleaned.kept, cleaned.media_type) == (1461, 1461, media_type)
    assert [change["operation"] for change in cleaned.changes] == [
        "cast",
        "cast",
        "drop_columns",
        "drop_duplicates",
    ]
    assert clean_file(source, CSV, recipe, again) == cleaned
    assert again.read_bytes() == out.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "out", "weather.csv"]


@pytest.mark.parametrize(
    ("content", "recipe", "code"),
    [
        (b"a,b\n1,2\n", Recipe((Trim(("c",)),)), "recipe.unknown_column"),
        (b"a,b\n1,x\n", Recipe((Cast("b", Kind.INTEGER, Otherwise.STOP),)), "recipe.unread"),
        (b"a,b\n1,x\n", Recipe((Cast("b", Kind.INTEGER, Otherwise.DROP),)), "recipe.no_rows"),
        (b"\x89PNG", Recipe(()), "file.wrong_type"),
    ],
)
def test_what_was_there_stays_when_it_is_refused(
    tmp_path: Path, content: bytes, recipe: Recipe, code: str
) -> None:
    source, out = tmp_path / "upload", tmp_path / "out"
    source.write_bytes(content)
    out.write_bytes(b"before")
    with pytest.raises(Refusal) as refused:
        clean_file(source, CSV, recipe, out)
    assert refused.value.code == code
    assert out.read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "upload"]


@pytest.mark.parametrize(
    ("limits", "code"),
    [(Limits(scratch=1024), "inspection.memory"), (Limits(wall_seconds=0), "inspection.timeout")],
)
def test_limits_hold(tmp_path: Path, limits: Limits, code: str) -> None:
    source = tmp_path / "weather.csv"
    source.write_bytes(data.weather())
    with pytest.raises(Refusal) as refused:
        clean_file(source, CSV, WEATHER, tmp_path / "out", limits)
    assert refused.value.code == code
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("code", CODES)
def test_every_refusal_says_what_to_do(code: str) -> None:
    assert explain(code, {}).endswith(".")


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe((DropDuplicates(),)),
        Recipe(tuple(Rename(f"n{place}", f"n{place}".ljust(150, "-")) for place in range(40))),
        Recipe((), PARQUET),
    ],
)
def test_a_full_disk_is_told_whoever_writes(tmp_path: Path, recipe: Recipe) -> None:
    source = tmp_path / "wide.csv"
    source.write_text(
        ",".join(f"n{place}" for place in range(40)) + "\n" + ",".join("x" * 40) + "\n", "utf-8"
    )
    with pytest.raises(Refusal, match=r"inspection\.memory"):
        clean_file(source, CSV, recipe, tmp_path / "out", Limits(scratch=1024))
