"""Conditions in words."""

from pathlib import Path

import pytest

from contracts import library, spoken
from contracts.first.document import CONDITIONS
from contracts.library import Bilingual
from tests import model_texts


@pytest.mark.parametrize(
    ("when", "zh", "en"),
    [
        ("price.model = free", "“price.model之项”为“免费”", "“Blank price.model” is “free of charge”"),
        (
            "not price.model = free",
            "“price.model之项”不为“免费”",
            "“Blank price.model” is not “free of charge”",
        ),
        ("not price.model != free", "“price.model之项”为“免费”", "“Blank price.model” is “free of charge”"),
        (
            "use.purposes has research",
            "“use.purposes之项”包括“科学研究”",
            "“Blank use.purposes” includes “research”",
        ),
        ("use.note.wanted given", "“use.note.wanted之项”为“是”", "“Blank use.note.wanted” is “yes”"),
        ("not use.note given", "“use.note之项”未填写", "“Blank use.note” is left open"),
        ("not term.days zero", "“term.days之项”不为零", "“Blank term.days” is not zero"),
        ("term.days = 30", "“term.days之项”为“30”", "“Blank term.days” is “30”"),
        (
            "use.note given and not (term.days zero or quality given)",
            "“use.note之项”已填写，且并非（“term.days之项”为零，或者“quality之项”已填写）",
            "“Blank use.note” is filled in and not (“Blank term.days” is zero or “Blank quality” is filled in)",
        ),
    ],
)
def test_a_condition_is_said_in_both_languages(tmp_path: Path, when: str, zh: str, en: str) -> None:
    assert spoken.condition(model_texts.write(tmp_path), when) == Bilingual(zh, en)


def test_no_condition_says_nothing(tmp_path: Path) -> None:
    assert spoken.condition(model_texts.write(tmp_path), "") is None


def test_every_condition_of_every_released_text_can_be_said() -> None:
    for model in map(library.load, library.names()):
        for part in (part for clause in (*model.clauses, *model.schedules) for part in clause.parts):
            assert (spoken.condition(model, part.when) is None) == (not part.when)
    first = library.load("data-provision/0.1")
    assert all(spoken.condition(first, name) for name in CONDITIONS if name)
