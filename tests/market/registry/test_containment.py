"""How much of one table stands in another: the figures the issue asks for, on made-up tables, from samples alone."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.registry import containment, fingerprint
from market.registry.containment import EVIDENCE, Likeness, Sample
from tests import samples
from tests.samples import Table

ROWS = 6000
SECRET = b"s" * 32


def compare(first: list[Sample], second: list[Sample]) -> Likeness:
    return containment.Table(first).likeness(second)


def kept(table: Table) -> list[Sample]:
    """Return the samples of a table after they were stored and read again."""
    return fingerprint.unpack(fingerprint.pack(fingerprint.keyed(SECRET, samples.document(table))))


@pytest.fixture(scope="module")
def whole() -> Table:
    return samples.made(ROWS, seed=1)


@pytest.fixture(scope="module")
def stored(whole: Table) -> list[Sample]:
    return kept(whole)


def shuffled(table: Table, seed: int) -> dict[str, list[str]]:
    places = list(range(ROWS))
    random.Random(seed).shuffle(places)
    names = list(table)
    random.Random(seed).shuffle(names)
    moved = samples.taken(table, places)
    return {f"{place}": moved[name] for place, name in enumerate(names)}


def test_shuffled_and_renamed_it_is_the_same(whole: Table, stored: list[Sample]) -> None:
    found = compare(kept(shuffled(whole, 2)), stored)
    assert found.contained.value == found.contains.value == 1
    assert not found.contained.alone
    assert found.reaches(Fraction(95, 100))


def test_five_of_twelve_columns_are_contained_whole(whole: Table, stored: list[Sample]) -> None:
    five = {name: whole[name] for name in ("mark", "paid", "remark", "city", "device")}
    found = compare(kept(shuffled(five, 3)), stored)
    assert found.contained.value == 1
    assert not found.contained.alone
    assert Fraction(3, 10) < found.contains.value < Fraction(6, 10)


@pytest.mark.parametrize("part", [4, 20])
def test_a_part_of_the_rows_is_contained_whole(whole: Table, stored: list[Sample], part: int) -> None:
    few = samples.taken(whole, random.Random(4).sample(range(ROWS), ROWS // part))
    found = compare(kept(few), stored)
    assert found.contained.value == 1
    assert abs(found.contains.value - Fraction(1, part)) < Fraction(15, 100)


def test_of_half_new_rows_about_half_is_contained(whole: Table, stored: list[Sample]) -> None:
    half = samples.joined(samples.taken(whole, range(ROWS // 2)), samples.made(ROWS // 2, seed=5))
    found = compare(kept(half), stored)
    assert abs(found.contained.value - Fraction(1, 2)) < Fraction(1, 10)
    assert not found.reaches(Fraction(95, 100))


def test_what_was_registered_is_found_within_something_larger(whole: Table, stored: list[Sample]) -> None:
    more = samples.joined(samples.made(ROWS, seed=11), whole)
    found = compare(kept(more | {"new": samples.made(ROWS * 2, seed=12)["order"]}), stored)
    assert found.contains.value == 1
    assert abs(found.contained.value - Fraction(1, 2)) < Fraction(15, 100)
    assert found.reaches(Fraction(95, 100))


@pytest.mark.parametrize("seed", range(6, 10))
def test_another_draw_of_the_same_schema_has_next_to_nothing_in_common(
    stored: list[Sample], seed: int
) -> None:
    found = compare(kept(samples.made(ROWS, seed)), stored)
    assert found.most <= Fraction(1, 10)


def test_the_same_companies_in_tables_about_other_things_are_for_a_person_to_look_at() -> None:
    firms = samples.made(ROWS, 1)["device"]
    fines = {"firm": firms, "city": samples.made(ROWS, 2)["city"]}
    licences = {"firm": firms[::-1], "mark": samples.made(ROWS, 3)["mark"]}
    found = compare(kept(fines), kept(licences))
    assert found.contained.value == 1
    assert found.contained.alone
    assert not found.reaches(Fraction(95, 100))


def test_too_few_values_say_nothing() -> None:
    nine = Sample(rows=False, level=0, distinct=9, filled=9, zeros=bytes([3, *[0] * 8]), values=range(9))
    one = Sample(rows=False, level=1, distinct=9, filled=9, zeros=bytes([3]), values=[0])
    assert compare([nine], [nine]).contained.value == 1
    assert compare([nine], [one]).most == 0
    assert compare([], [nine]).most == 0


@settings(max_examples=25)
@given(st.sets(st.integers(1, 2**64 - 1), min_size=20, max_size=300), st.data())
def test_a_set_within_another_is_contained_at_every_level(values: set[int], data: st.DataObject) -> None:
    part = data.draw(st.sets(st.sampled_from(sorted(values)), min_size=10))
    levels = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    one, other = (sampled(found, level) for found, level in zip((part, values), levels, strict=True))
    left, back = (sum(value >> (64 - max(levels)) == 0 for value in found) for found in (part, values))
    found = compare([one], [other])
    assert found.contained.value == (1 if left >= EVIDENCE else 0)
    assert found.contains.value == (Fraction(left, back) if back >= EVIDENCE else 0)


def sampled(values: set[int], level: int) -> Sample:
    kept_values = [f"{value:016x}" for value in values if value >> (64 - level) == 0]
    document = {
        "of": "rows",
        "level": level,
        "distinct": len(values),
        "filled": len(values),
        "values": kept_values,
    }
    return fingerprint.keyed(SECRET, [document])[0]
