"""The form of a model text: what its fields show is what is read back."""

from typing import Any

import hypothesis
import hypothesis.strategies as st
from werkzeug.datastructures import MultiDict

from contracts import blanks, library
from contracts.library import Model
from market.texts import form
from tests.market.texts.browser import Browser
from tests.market.texts.conftest import Draw


def _again(model: Model, values: dict[str, Any], draw: Draw) -> dict[str, Any]:
    """Return what is read when a form that shows the values is sent back untouched."""
    return form.read(model, Browser(draw(form.fields(model, values))).sent)


def test_the_defaults_of_every_type_come_back_as_they_were(model: Model, draw: Draw) -> None:
    for changed in ({}, {"price.model": "tiers"}, {"use.note.wanted": True, "use.note": "两行 以上"}):
        values = blanks.defaults(model, changed)
        assert blanks.faults(model, values) == {}
        assert _again(model, values, draw) == values


def test_the_defaults_of_every_released_text_come_back(draw: Draw) -> None:
    for model in map(library.load, library.names()):
        if not model.first:
            values = blanks.defaults(model)
            assert _again(model, values, draw) == values


def _filled(name: str) -> st.SearchStrategy[Any]:
    text = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30)
    share = st.integers(0, 1000).map(lambda n: f"{n / 1000:.3f}")
    return {
        "price.model": st.sampled_from(["fixed", "tiers", "free", "usage"]),
        "price.amount": st.builds(lambda n: {"amount": n, "currency": "CNY"}, st.integers(0, 10**12)),
        "price.tax": share,
        "use.industry": text.map(lambda t: form._clean(t) or "x"),
        "use.purposes": st.lists(st.sampled_from(["research", "education"]), unique=True, min_size=1).map(
            lambda chosen: [word for word in ("research", "education") if word in chosen]
        ),
        "use.note.wanted": st.booleans(),
        "term.days": st.integers(1, 3650),
        "delivery.downloads": st.integers(1, 99),
        "quality": st.lists(
            st.fixed_dictionaries(
                {
                    "indicator": st.just("completeness"),
                    "operator": st.sampled_from(["gteq", "eq"]),
                    "value": share,
                    "field": st.none() | text.map(lambda t: " ".join(form._clean(t).split()) or "x"),
                    "method": st.just("full"),
                    "remedy": st.just("reduce"),
                }
            ),
            min_size=1,
            max_size=5,
        ),
    }[name]


NAMES = ["price.model", "price.amount", "price.tax", "use.industry", "use.purposes", "use.note.wanted"]
NAMES += ["term.days", "delivery.downloads", "quality"]


@hypothesis.given(st.fixed_dictionaries({}, optional={name: _filled(name) for name in NAMES}))
@hypothesis.settings(
    max_examples=60, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture], deadline=None
)
def test_whatever_is_filled_in_comes_back(model: Model, draw: Draw, over: dict[str, Any]) -> None:
    asked = {blank.name for blank in blanks.asked(model, blanks.defaults(model, over))}
    values = {name: value for name, value in blanks.defaults(model, over).items() if name in asked}
    assert _again(model, values, draw) == values


def test_what_is_no_value_is_kept_and_refused_beside_its_field(model: Model, draw: Draw) -> None:
    sent = Browser(draw(form.fields(model, blanks.defaults(model)))).sent
    wrong = {
        "price.amount": "1,280 yuan",
        "price.tax": "6 %",
        "delivery.downloads": "many",
        "term.start": "tomorrow",
        "term.proof": "00",
        "use.industry": "x" * 3000,
        "use.note.wanted": "perhaps",
    }
    for name, text in wrong.items():
        sent[form.PREFIX + name] = text
    sent.setlist(form.PREFIX + "use.purposes", ["", "mining", "research"])
    values = form.read(model, sent)
    faults = form.faults(model, values)
    assert set(faults) == {form.PREFIX + name for name in [*wrong, "use.purposes"]}
    page = draw(form.fields(model, values, faults))
    for name, text in wrong.items():
        assert f'id="n-{form.PREFIX}{name}"' in page
        assert values[name] == text
    assert "Needs a whole number from 1 to 99." in page


def test_every_field_is_named_and_described(model: Model, draw: Draw) -> None:
    page = Browser(draw(form.fields(model, blanks.defaults(model))))
    assert len(page.ids) == len(set(page.ids))
    assert page.described <= set(page.ids)
    assert page.labels <= set(page.ids)
    assert {f"f-{form.PREFIX}{blank.name}" for blank in form.negotiable(model)} <= set(page.ids)


def test_a_blank_that_is_not_asked_for_is_hidden_and_not_read(model: Model, draw: Draw) -> None:
    values = blanks.defaults(model)
    page = Browser(draw(form.fields(model, values)))
    assert "b-terms.price.tiers" in page.hidden
    assert "b-terms.price.amount" not in page.hidden
    page.sent[form.PREFIX + "price.model"] = "free"
    read = form.read(model, page.sent)
    assert {"price.amount", "price.tiers", "price.tax"}.isdisjoint(read)
    assert read["price.model"] == "free"


def test_rows_are_added_by_asking_and_taken_out_by_emptying(model: Model, draw: Draw) -> None:
    values = blanks.defaults(model)
    few = Browser(draw(form.fields(model, values)))
    more = Browser(draw(form.fields(model, values, more="use.recipients")))
    assert "terms.use.recipients.1.name" in few.sent
    assert "terms.use.recipients.2.name" not in few.sent
    assert "terms.use.recipients.4.name" in more.sent
    few.sent["terms.use.recipients.0.name"] = few.sent["terms.use.recipients.0.credit_code"] = ""
    assert "use.recipients" not in form.read(model, few.sent)


def test_rows_beyond_the_most_are_refused_and_never_read(model: Model) -> None:
    sent = MultiDict({f"terms.use.recipients.{row}.name": f"name {row}" for row in range(5000)})
    values = form.read(model, sent)
    assert len(values["use.recipients"]) <= blanks.ROWS + 4
    assert "at most 50 rows" in form.faults(model, values)["terms.use.recipients"][0]


def test_an_unfinished_form_is_only_told_what_it_filled_in_wrongly(model: Model) -> None:
    values = {"term.days": 0}
    assert set(form.faults(model, values, complete=False)) == {"terms.term.days"}
    assert "terms.quality" in form.faults(model, values)


def test_nothing_of_a_form_is_read_from_nothing(model: Model) -> None:
    assert form.read(model, MultiDict()) == {}


def test_fields_stand_under_the_article_that_uses_them(model: Model) -> None:
    groups = {group.id: group for group in form.fields(model, blanks.defaults(model))}
    assert [field.blank.name for field in groups["promises"].fields] == ["quality"]
    assert groups["promises"].schedule
    assert {"use.note", "use.note.wanted"} <= {field.blank.name for field in groups["use"].fields}
    assert groups[""].number == 0
    names = [field.blank.name for group in groups.values() for field in group.fields]
    assert sorted(names) == sorted(blank.name for blank in form.negotiable(model))


def test_full_width_digits_are_digits() -> None:
    assert form.whole("３０") == 30
    assert form.yuan("１２８０．５") == {"amount": 128050, "currency": "CNY"}
    assert form.whole("9" * 16) == "9" * 16


def test_both_languages_are_shown_on_request(model: Model, draw: Draw) -> None:
    groups = form.fields(model, blanks.defaults(model))
    assert "如何填写price.tax。" not in draw(groups)
    page = draw(groups, both=True)
    assert "如何填写price.tax。" in page
    assert "How to fill price.tax." in page
