import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.conditions import parse
from contracts.errors import LibraryError

VALUES = {
    "price.model": "fixed",
    "price.amount": {"amount": 0, "currency": "CNY"},
    "use.purposes": ["research", "education"],
    "use.attribution": False,
    "term.deletion": True,
    "term.days": 30,
    "delivery.downloads": 0,
    "quality": [],
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("price.model = fixed", True),
        ("price.model != fixed", False),
        ("price.model = free or use.purposes has research", True),
        ("price.model = free or use.purposes has research and term.days = 31", False),
        ("(price.model = free or use.purposes has research) and term.days = 30", True),
        ("not price.model = free and not (use.purposes has any)", True),
        ("use.attribution given", False),
        ("use.attribution = no", True),
        ("term.deletion given", True),
        ("quality given", False),
        ("delivery.downloads given", True),
        ("delivery.downloads zero", True),
        ("price.amount zero", True),
        ("term.days zero", False),
        ("absent given", False),
        ("absent = x", False),
        ("absent != x", True),
        ("absent zero", False),
        ("absent has x", False),
        ("price.model has fixed", False),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    assert parse(text).holds(VALUES) is holds


@pytest.mark.parametrize(
    "text",
    [
        "price.model",
        "price.model =",
        "= fixed",
        "and",
        "a given b given",
        "a given or",
        "(a given",
        "a given)",
        "a == b",
        "a = 'b'",
        "a; b",
        "__import__('os')",
        "a given" + " or" * 3,
        "not",
        "a is b",
        "a = b = c",
        "a = 价",
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(LibraryError) as refused:
        parse(text)
    assert refused.value.code == "model.malformed"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        condition = parse(text)
    except LibraryError:
        return
    assert condition.holds(VALUES) in {True, False}


@given(st.recursive(st.sampled_from(["a given", "b = yes", "c has d"]), lambda inner: st.one_of(
    st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map(lambda three: f"({three[0]}{three[1]}{three[2]})"),
    inner.map(lambda one: f"not {one}"),
), max_leaves=6))  # fmt: skip
def test_a_double_negation_changes_nothing(text: str) -> None:
    for values in ({}, {"a": "x"}, {"b": True, "c": ["d"]}, {"a": "x", "c": ["d"]}):
        assert parse(f"not not ({text})").holds(values) == parse(text).holds(values)
