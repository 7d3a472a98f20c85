from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts import amending, blanks, library, renewing, versions
from contracts.document import compose
from contracts.errors import TermsError
from contracts.terms import Renewed, Terms, parse
from tests.contracts import small
from tests.contracts.accepted import accepting
from tests.contracts.first.sample import TERMS as FIRST
from tests.contracts.first.sample import number

FILE = "ab" * 32
DAY = date(2027, 11, 1)
UNTIL = "2027-11-30T18:30:00.250Z"
ENDS = datetime(2027, 11, 30, 18, 30, 0, 250_000, UTC)


def renewed(old: Terms) -> Terms:
    return renewing.renewal(
        old, number=number("2AB3CD4EF5"), day=DAY, rules_version=2, document_digest=FILE, until=UNTIL
    )


def full() -> Terms:
    model = library.load("data-provision/1.0")
    filled = {"price.model": "free", "quality": small.VALUES["quality"]}
    return replace(small.terms(), model=model.id, values=blanks.defaults(model, filled))


def history(terms: Terms, language: str) -> dict[str, str]:
    (part,) = compose(library.load(terms.model), terms).content["schedules"][-1]["parts"]
    return {row["field"]: row[language] for row in part["rows"]}


def test_a_renewal_has_the_terms_of_what_it_renews() -> None:
    old = small.terms()
    made = renewed(old)
    assert made.renews == Renewed(old.number, old.digest(), FILE, UNTIL)
    assert (made.values, made.provider, made.buyer, made.data) == (
        old.values,
        old.provider,
        old.buyer,
        old.data,
    )
    assert (made.date, made.rules_version) == (DAY, 2)
    assert parse(made.canonical()) == made
    compose(small.model(), made)


def test_a_renewal_of_an_acceptance_or_an_amendment_is_neither() -> None:
    amended = amending.amendment(
        small.model(), small.terms(), {**small.terms().values, "term.days": 9},
        number=number("2AB3CD4EF5"), day=DAY, document_digest=FILE,
    )  # fmt: skip
    for old in (accepting(), amended):
        made = renewed(old)
        assert (made.origin, made.amends) == (None, None)
        assert made.renews is not None
        assert made.renews.number == old.number


@pytest.mark.parametrize(
    ("in_force", "begins"),
    [(ENDS - timedelta(days=20), ENDS), (ENDS, ENDS), (ENDS + timedelta(1), ENDS + timedelta(1))],
)
def test_the_term_begins_when_the_old_one_ends_if_that_is_later(in_force: datetime, begins: datetime) -> None:
    made = renewed(small.terms())
    assert made.term(in_force) == (begins, begins + timedelta(days=made.term_days))
    for other in (small.terms(), FIRST):
        assert other.term(in_force)[0] == in_force


def test_what_is_renewed_is_not_negotiated_and_an_amendment_keeps_it() -> None:
    made = renewed(small.terms())
    answer = versions.with_values(small.model(), made, {**made.values, "term.days": 9})
    versions.require_successor(made, answer)
    assert made.renews is not None
    other = replace(made.renews, until="2027-12-30T18:30:00.250Z")
    with pytest.raises(TermsError, match="renews"):
        versions.require_successor(made, replace(answer, renews=other))
    amended = amending.amendment(
        small.model(), made, {**made.values, "term.days": 9}, number=number("3QF7TZ0K8M"), day=DAY,
        document_digest=FILE,
    )  # fmt: skip
    assert amended.renews == made.renews
    amending.require_parent(made, amended, FILE)
    for forged in (other, None):
        with pytest.raises(TermsError, match="renews"):
            amending.require_parent(made, replace(amended, renews=forged), FILE)


@pytest.mark.parametrize(
    "until",
    ["", "2027-11-30", "2027-11-30T18:30:00Z", "2027-11-30T18:30:00.250+00:00", "2027-02-30T18:30:00.250Z"],
)
def test_a_moment_is_written_in_its_one_form(until: str) -> None:
    with pytest.raises(TermsError, match="until"):
        Renewed(small.terms().number, FILE, FILE, until)


def test_the_schedule_says_what_is_renewed_and_when_the_term_begins() -> None:
    old = full()
    made = renewed(old)
    told, zh = history(made, "en"), history(made, "zh")
    assert told["renews.number"] == old.number
    assert told["renews.terms_digest"] == old.digest()
    assert FILE in told["renews.document_digest"]
    assert told["renews.until"] == "1 December 2027, 02:30:00.250 (China Standard Time)"
    assert zh["renews.until"] == "2027年12月1日 02:30:00.250（北京时间）"
    assert "begins when the term of that one ends" in told["renews"]
    assert "自其届满时起算" in zh["renews"]


def test_the_schedule_of_an_amended_renewal_says_both() -> None:
    made = renewed(full())
    values: dict[str, Any] = {**made.values, "term.days": 30}
    model = library.load(made.model)
    amended = amending.amendment(
        model, made, values, number=number("3QF7TZ0K8M"), day=DAY, document_digest=FILE
    )
    told, zh = history(amended, "en"), history(amended, "zh")
    assert (told["amends.number"], told["renews.until"][:15]) == (made.number, "1 December 2027")
    assert "自最初合同的期限开始时起算" in zh["amends"]
