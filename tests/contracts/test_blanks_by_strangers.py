"""Blanks are filled by strangers: whatever JSON comes, the answer is the list of what is wrong with it."""

from datetime import date
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from contracts import blanks, canonical, document
from contracts.library import Model
from tests import model_texts

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
ROWS = {
    "quality": ["indicator", "operator", "value", "field", "method", "remedy"],
    "price.tiers": ["from", "amount"],
    "price.milestones": ["label", "share", "days"],
    "use.recipients": ["name", "credit_code"],
    "price.amount": ["amount", "currency"],
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model_texts.write(tmp_path_factory.mktemp("texts"))


def _nearly(name: str) -> st.SearchStrategy[Any]:
    """Return values of the right shape with anything in their places."""
    words = st.sampled_from(["completeness", "rows", "gteq", "full", "correct", "0.5", "CNY", "", 7, 0])
    row = st.fixed_dictionaries(dict.fromkeys(ROWS[name], ANYTHING | words)) if name in ROWS else ANYTHING
    return ANYTHING | row | st.lists(row, max_size=2)


@hypothesis.given(st.data())
@hypothesis.settings(max_examples=200, deadline=None)
def test_anything_is_refused_or_can_be_printed(model: Model, data: st.DataObject) -> None:
    filled = [blank.name for blank in model.blanks.values() if not blank.given]
    chosen = data.draw(st.lists(st.sampled_from(filled), unique=True, max_size=4))
    values = {**blanks.defaults(model), **{name: data.draw(_nearly(name)) for name in chosen}}
    wrong = blanks.faults(model, values)
    right = {name: value for name, value in values.items() if name not in wrong}
    if not blanks.faults(model, right).keys() & right.keys():
        canonical.encode(document.blank_form(model, right, date(2026, 11, 30)).content)
