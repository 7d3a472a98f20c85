"""The model texts from 1.0 on, whatever is chosen in their blanks."""

from collections.abc import Callable, Mapping
from datetime import date
from itertools import chain
from random import Random
from typing import Any, Final

import pytest

from contracts import blanks, library
from contracts.conditions import parse
from contracts.document import blank_form, compose
from contracts.library import Blank, Model
from contracts.terms import Terms
from contracts.vocabulary import Action
from tests.contracts import trial
from tests.contracts.first import sample

TEXTS: Final = [
    "data-provision/1.0", "data-sharing/1.0", "entrusted-processing/1.0", "fusion-development/1.0",
    "intermediary/1.0", "open-licence/1.0",
]  # fmt: skip
CHOICES: Final = 250
"""Ways to fill a text that are tried; fewer leave paragraphs unseen."""
COMPOSED: Final = 25
"""Of these the document is drawn up even when it shows nothing new."""
CLAIMS: Final = (
    "可靠电子签名",
    "可靠的电子签名",
    "可信时间戳",
    "不可篡改",
    "tamper-proof",
    "trusted time stamp",
)
"""What the exchange does not claim, of itself or of its signatures."""


def _words(model: Model, blank: Blank, chance: Random) -> list[str]:
    words = list(model.words[blank.options])
    chosen = chance.sample(words, chance.randint(max(blank.least, 1), len(words)))
    return [word for word in words if word in chosen]


_FILLINGS: Final[Mapping[str, Callable[[Model, Blank, Random], Any]]] = {
    "choice": lambda model, blank, chance: chance.choice(list(model.words[blank.options])),
    "choices": _words,
    "text": lambda *_: "气象观测 weather",
    "whole": lambda _, blank, chance: chance.randint(blank.low, min(blank.high, blank.low + 400)),
    "days": lambda _, blank, chance: chance.randint(blank.low, min(blank.high, blank.low + 400)),
    "share": lambda *_: "0.06",
    "decimal": lambda *_: "0.0005",
    "digest": lambda *_: "ab" * 32,
    "money": lambda _, blank, chance: {"amount": chance.randint(100, 9_999_999), "currency": "CNY"},
    "yes_no": lambda _, blank, chance: chance.random() < 0.5,
    "quality": lambda *_: [trial.PROMISE],
    "tiers": lambda *_: [{"from": 0, "amount": 100}, {"from": 1000, "amount": 80}],
    "milestones": lambda *_: trial.FULL["price.milestones"],
    "organisations": lambda *_: trial.FULL["use.recipients"],
}


def _values(model: Model, chance: Random) -> dict[str, Any]:
    """Return a choice for every blank that is asked for, in the text's order; the use does not contradict itself."""
    values: dict[str, Any] = {}
    for blank in model.blanks.values():
        if blank.given or not parse(blank.when).holds(values) or (blank.optional and chance.random() < 0.5):
            continue
        values[blank.name] = _FILLINGS[blank.type](model, blank, chance)
    if "use.permitted" in values:
        values |= _use(values)
    return values


def _use(values: Mapping[str, Any]) -> dict[str, list[str]]:
    permitted = {*values["use.permitted"], Action.REPRODUCE} - {Action.REIDENTIFY}
    for action, blank in ((Action.TRAIN, "use.training"), (Action.PRESENT, "use.publication")):
        if blank in values:
            permitted = permitted - {action} if values[blank] == "none" else permitted | {action}
    if values.get("use.waiver"):
        permitted -= {Action.DISTRIBUTE, Action.SELL}
    return {
        "use.permitted": [action.value for action in Action if action in permitted],
        "use.prohibited": [action.value for action in Action if action not in permitted],
    }


def _terms(model: Model, values: Mapping[str, Any]) -> Terms:
    return Terms(
        model=model.id,
        number=sample.TERMS.number,
        date=date(2026, 11, 30),
        operator=sample.TERMS.operator,
        provider=sample.TERMS.provider,
        buyer=sample.TERMS.buyer,
        data=sample.TERMS.subject if model.file else None,
        values=values,
        rules_version=2,
    )


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_can_be_drawn_up_whatever_is_chosen(name: str) -> None:
    model = library.read(name)
    places = [
        (clause.id, place, part.when)
        for clause in chain(model.clauses, model.schedules)
        for place, part in enumerate(clause.parts)
    ]
    seen: set[tuple[str, int]] = set()
    for seed in range(CHOICES):
        values = _values(model, Random(seed))
        shown = {(clause, place) for clause, place, when in places if parse(when).holds(values)}
        if not shown <= seen or seed < COMPOSED:
            compose(model, _terms(model, values))
        seen |= shown
    assert [one for one in places if one[:2] not in seen] == [], "no terms lead to these paragraphs"


@pytest.mark.parametrize("name", TEXTS)
def test_an_empty_form_can_be_drawn_up(name: str) -> None:
    model = library.read(name)
    content = blank_form(model, {}, date(2026, 11, 30)).content
    assert len(content["articles"]) == len(model.clauses)
    assert [error.en for error in blanks.faults(model, blanks.defaults(model)).values()] == [
        "is not filled in"
    ] * len(blanks.faults(model, blanks.defaults(model)))


def test_data_provision_has_its_articles_and_schedules() -> None:
    model = library.read("data-provision/1.0")
    assert (len(model.clauses), len(model.schedules)) == (18, 7)


@pytest.mark.parametrize("name", TEXTS)
def test_a_subject_has_one_id_in_every_text(name: str) -> None:
    # The ids of data provision, in its order; a text leaves out what it does not need.
    model = library.read(name)
    for whole, part in (
        (library.read("data-provision/1.0").articles(), model.articles()),
        (library.read("data-provision/1.0").annexes(), model.annexes()),
    ):
        assert list(part) == [name for name in whole if name in part]


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_claims_no_more_than_is_true(name: str) -> None:
    model = library.read(name)
    said = [
        wording
        for clause in chain(model.clauses, model.schedules)
        for part in clause.parts
        if part.text is not None
        for wording in (part.text.zh, part.text.en)
    ]
    assert [text for text in said if any(claim in text for claim in CLAIMS)] == []
    assert all("not an escrow" in text for text in said if "escrow" in text)
    assert all("不是资金托管" in text for text in said if "托管" in text)
