"""The rule book: older versions are frozen, and whatever names a rule names one of the book in force."""

import hashlib
from pathlib import Path

import pytest

from market import permissions, rules
from market.rules import book

RELEASED = {
    1: "074d47c7c1a49f6724058a61e122b341e64b75c983a08b07f0db3df2e3d20b7b",
    2: "0e853398c9fa4cda2d07da24fa8d4c721ebf7cecbfbb7288ac127e86b99051d7",
    3: "1213cebb93d175a19c3ec173e35b8d633a8ab9801afae0a12d2798af0e71ae34",
}
"""Digest of each version that another has followed; trades that began under it keep it."""


def test_a_version_that_another_followed_is_frozen() -> None:
    folder = Path(rules.__file__).parent
    assert set(RELEASED) == set(range(1, rules.CURRENT))
    for version, digest in RELEASED.items():
        assert hashlib.sha256((folder / f"book-{version}.toml").read_bytes()).hexdigest() == digest


def test_there_is_no_version_after_the_one_in_force() -> None:
    assert book().version == rules.CURRENT
    with pytest.raises(KeyError):
        book(rules.CURRENT + 1)


@pytest.mark.parametrize("version", range(2, rules.CURRENT + 1))
def test_a_version_keeps_the_rules_and_values_of_the_one_before(version: int) -> None:
    def ids(number: int) -> set[str]:
        return {rule.id for chapter in book(number).chapters for rule in chapter.rules}

    def values(number: int) -> set[str]:
        return {value.name for value in book(number).values}

    assert ids(version - 1) <= ids(version), "a running trade's refusals name them"
    assert values(version - 1) <= values(version)


def test_every_refusal_names_a_rule_in_force() -> None:
    for permit in permissions.ACTIONS.values():
        assert book().rule(permit.rule)


def test_new_rules_say_what_law_they_rest_on() -> None:
    known = {rule.id for chapter in book(2).chapters for rule in chapter.rules}
    fresh = [rule for chapter in book(3).chapters for rule in chapter.rules if rule.id not in known]
    assert len(fresh) >= 12
    assert all(rule.source and rule.zh and rule.en for rule in fresh)
