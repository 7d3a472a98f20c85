"""What changed between two versions of a text."""

from itertools import pairwise
from pathlib import Path

import pytest

from contracts import library
from contracts.library import Model
from market.texts import changes, outline
from market.texts.changes import Changes, Line, Status
from market.texts.outline import Section
from tests import model_texts


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Model, Model]:
    old = model_texts.write(tmp_path)
    clauses = model_texts.CLAUSES.replace(
        "The price is {price.amount}", "The price amounts to {price.amount}"
    )
    clauses = clauses.replace('when = "use.note given"', 'when = "use.industry given"').replace(
        '[[schedule]]\nid = "promises"', '[[clause]]\nid = "promises"'
    )
    clauses += '[[clause]]\nid = "end"\nzh = "终止"\nen = "End"\nsource = "民法典 第557条"\n'
    clauses += '[[clause.part]]\nzh = "期满终止。"\nen = "It ends with its term."\n'
    types = {name: kind for name, kind in model_texts.TYPES.items() if name != "term.proof"}
    types["term.days"] = (
        types["term.days"].replace("default = 365", "default = 30").replace("high = 3650", "high = 100")
    )
    types["term.end"] = 'type = "date"'
    new = model_texts.write(tmp_path, "1.1", clauses.replace("[[schedule.part]]", "[[clause.part]]"), types)
    return old, new


def _text(line: Line, *kinds: str) -> str:
    return "".join(words for how, words in line if how in kinds)


def _side(found: Changes, clause: str, language: str, *kinds: str) -> list[str]:
    lines = next(one for one in found.clauses if one.id == clause).lines[language]
    return [text for line in lines if (text := _text(line, *kinds))]


def test_clauses_are_told_apart_by_their_ids(pair: tuple[Model, Model]) -> None:
    found = changes.compare(*pair)
    states = {one.id: (one.status, one.old and one.old.en, one.new and one.new.en) for one in found.clauses}
    assert states == {
        "price": (Status.CHANGED, "Article 1", "Article 1"),
        "use": (Status.CHANGED, "Article 2", "Article 2"),
        "promises": (Status.SAME, "Schedule 1", "Article 3"),
        "end": (Status.ADDED, None, "Article 4"),
    }
    assert (found.count("changed"), found.count("added"), found.count("removed")) == (2, 1, 0)
    back = {one.id: one.status for one in changes.compare(*reversed(pair)).clauses}
    assert back["end"] is Status.REMOVED


def test_alike_paragraphs_are_compared_word_by_word(pair: tuple[Model, Model]) -> None:
    found = changes.compare(*pair)
    assert _side(found, "price", "en", "out") == ["is"]
    assert _side(found, "price", "en", "in") == ["amounts to"]
    assert _side(found, "price", "zh", "out", "in") == []


def test_a_changed_condition_shows_in_words(pair: tuple[Model, Model]) -> None:
    found = changes.compare(*pair)
    assert "note" in "".join(_side(found, "use", "en", "out"))
    assert "industry" in "".join(_side(found, "use", "en", "in"))


def test_blanks_differ_in_named_properties(pair: tuple[Model, Model]) -> None:
    terms = {one.name: one for one in changes.compare(*pair).terms}
    assert terms["term.proof"].status is Status.REMOVED
    assert terms["term.end"].status is Status.ADDED
    assert terms["price.tax"].status is Status.SAME
    assert {one.what: (one.old.en, one.new.en) for one in terms["term.days"].changes} == {
        "default": ("365 days", "30 days"),
        "high": ("3650", "100"),
    }


def test_both_sides_can_be_read_back_for_every_two_released_versions() -> None:
    for name in {one.split("/")[0] for one in library.names()}:
        versions = [one for one in library.names() if one.startswith(f"{name}/")]
        for old, new in pairwise(versions):
            found = changes.between(old, new, library.FOLDER)
            models = library.load(old), library.load(new)
            for side, kinds in zip(models, (("same", "out"), ("same", "in")), strict=True):
                for language in ("zh", "en"):
                    for clause in (*side.clauses, *side.schedules):
                        read = _side(found, clause.id, language, *kinds)
                        expected = changes._texts(_section(side, clause.id), language)
                        assert sorted(read) == sorted(text for text in expected if text)


def _section(model: Model, name: str) -> Section:
    return next(one for one in outline.sections(model) if one.id == name)


def test_nothing_changed_in_the_same_text(pair: tuple[Model, Model]) -> None:
    found = changes.compare(pair[0], pair[0])
    assert {one.status for one in found.clauses} | {one.status for one in found.terms} == {Status.SAME}


def test_chinese_is_compared_by_character_and_english_by_word() -> None:
    assert changes.words("三十日内", "六十日内", "zh") == (("out", "三"), ("in", "六"), ("same", "十日内"))
    assert changes.words("within thirty days", "within sixty days", "en") == (
        ("same", "within "),
        ("out", "thirty"),
        ("in", "sixty"),
        ("same", " days"),
    )
