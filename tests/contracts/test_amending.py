from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from contracts import amending, blanks, library, versions
from contracts.document import compose
from contracts.errors import TermsError, VersionError
from contracts.terms import Amended, Terms, parse
from tests.contracts import small
from tests.contracts.first.sample import number

FILE = "ab" * 32
DAY = date(2026, 12, 24)


def amended(parent: Terms, **values: Any) -> Terms:
    over = {name.replace("__", "."): value for name, value in values.items()}
    new = {name: value for name, value in {**parent.values, **over}.items() if value is not None}
    return amending.amendment(
        small.model(), parent, new, number=number("2AB3CD4EF5"), day=DAY, document_digest=FILE
    )


def test_an_amendment_names_its_parent_and_what_it_changes() -> None:
    parent = small.terms()
    made = amended(parent, term__days=730, use__industry="农业")
    assert made.amends is not None
    assert made.amends.parent == (parent.number, parent.digest(), FILE)
    assert made.amends.clauses == ("use",)
    assert dict(made.amends.before) == {"term.days": 365, "use.industry": None}
    assert made.before == dict(parent.values)
    assert (made.provider, made.buyer, made.data, made.price) == (
        parent.provider, parent.buyer, parent.data, parent.price,
    )  # fmt: skip
    compose(small.model(), made)
    assert parse(made.canonical()) == made
    amending.require_parent(parent, made, FILE)


def test_an_answer_to_a_proposal_says_what_it_changes_against_the_same_parent() -> None:
    parent = small.terms()
    made = amended(parent, term__days=730)
    answer = versions.with_values(
        small.model(), made, {**made.values, "term.days": 365, "delivery.downloads": 9}
    )
    versions.require_successor(made, answer)
    assert answer.amends is not None
    assert (dict(answer.amends.before), answer.amends.clauses) == ({"delivery.downloads": 5}, ("delivery",))
    assert versions.apply(small.model(), made, "delivery", {"delivery.downloads": 9}).before == parent.values
    with pytest.raises(VersionError) as error:
        versions.with_values(small.model(), made, parent.values)
    assert error.value.code == "contract.unchanged"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price.amount", {"amount": 1, "currency": "CNY"}),
        ("payment.days", 8),
        ("price.amount", {"amount": 1, "currency": "USD"}),
    ],
)
def test_what_is_paid_and_when_stays(name: str, value: Any) -> None:
    made = amended(small.terms(), **{name.replace(".", "__"): value})
    with pytest.raises(TermsError, match=r"(price|payment)\."):
        compose(small.model(), made)


@pytest.mark.parametrize(
    "values", [{"term.days": 0}, {"term.days": "x"}, {"use.purposes": None}, {"no.such": 1}]
)
def test_an_amendment_is_filled_as_the_text_allows(values: dict[str, Any]) -> None:
    with pytest.raises(TermsError):
        amended(small.terms(), **{name.replace(".", "__"): value for name, value in values.items()})


def forged(**facts: Any) -> Terms:
    """Return an amendment that says something else of what it changes than is so."""
    made = amended(small.terms(), term__days=730)
    assert made.amends is not None
    return replace(made, amends=replace(made.amends, **facts))


@pytest.mark.parametrize(
    "facts",
    [
        {"clauses": ()},
        {"clauses": ("price", "use")},
        {"before": {"term.days": 365, "delivery.downloads": 5}},
        {"before": {}},
        {"before": {"term.days": 730}},
        {"before": {"term.days": 365, "no.such": 1}},
        {"before": {"term.days": None}},
    ],
)
def test_an_amendment_that_misstates_its_changes_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(TermsError):
        compose(small.model(), forged(**facts))


def test_an_amendment_of_another_contract_is_told() -> None:
    parent = small.terms()
    made = amended(parent, term__days=730)
    other = small.terms(term__days=30)
    for wrong in (
        (other, made, FILE),
        (parent, made, "cd" * 32),
        (parent, parent, FILE),
        (parent, replace(made, rules_version=2), FILE),
        (parent, replace(made, buyer=parent.operator), FILE),
        (parent, replace(made, data=replace(parent.subject, title="另一份")), FILE),
        (parent, forged(before={"term.days": 364}), FILE),
    ):
        with pytest.raises(TermsError):
            amending.require_parent(*wrong)


@pytest.mark.parametrize("digest", ["terms_digest", "document_digest"])
def test_a_parent_is_named_by_digests(digest: str) -> None:
    named = {"number": small.terms().number, "terms_digest": FILE, "document_digest": FILE, digest: "x"}
    with pytest.raises(TermsError, match=digest):
        Amended(**named, clauses=(), before={})


def test_the_schedule_of_amendments_names_parent_and_clauses() -> None:
    model = library.load("data-provision/1.0")
    filled = {"price.model": "free", "quality": small.VALUES["quality"]}
    parent = replace(small.terms(), model=model.id, values=blanks.defaults(model, filled))
    values = {**parent.values, "term.days": 30}
    made = amending.amendment(
        model, parent, values, number=number("2AB3CD4EF5"), day=DAY, document_digest=FILE
    )
    history = compose(model, made).content["schedules"][-1]
    (part,) = history["parts"]
    told = {row["field"]: row["en"] for row in part["rows"]}
    assert told["amends.number"] == parent.number
    assert told["amends.terms_digest"] == parent.digest()
    assert FILE in told["amends.document_digest"]
    assert "Term" in told["amends.clauses"]
    assert "counted from when the term of the first contract began" in told["amends"]
