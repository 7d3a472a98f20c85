"""Passwords and tokens: what is taken, and what is kept of them."""

import importlib.util
import re

import pytest
from argon2 import Type, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from market.errors import Invalid
from market.participants import passwords, tokens


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "password1234",
        "Password!2026",
        "123456789012345",
        "qwertyqwerty12",
        "aaaaaaaaaaaaaaa",
        "admin-admin-123",
    ],
)
def test_a_weak_password_is_refused_without_being_repeated(weak: str) -> None:
    with pytest.raises(Invalid) as refused:
        passwords.hashed(weak)
    assert weak not in str(refused.value)


def test_a_password_fits_its_hash_alone() -> None:
    stored = passwords.hashed("泉水叮咚 seven rivers")
    assert stored.startswith("$argon2id$")
    assert passwords.matches(stored, "泉水叮咚 seven rivers")
    assert not passwords.matches(stored, "泉水叮咚 seven river")
    assert not passwords.matches(None, "a password that nobody has")


def test_a_password_is_as_slow_to_try_as_owasp_asks_whoever_is_asked_for() -> None:
    """The module is loaded once more as the product has it: these tests otherwise run with quicker parameters."""
    origin = passwords.__spec__
    assert origin is not None
    assert origin.loader is not None
    real = importlib.util.module_from_spec(origin)
    origin.loader.exec_module(real)
    found = extract_parameters(real.hashed("泉水叮咚 seven rivers"))
    assert found.type is Type.ID
    assert (found.memory_cost >= 19 * 1024, found.time_cost >= 2, found.hash_len >= 32) == (True, True, True)
    assert found.salt_len >= 16
    assert extract_parameters(real._NOBODY) == found


def test_a_token_has_a_prefix_and_a_check() -> None:
    token = tokens.new_token()
    assert re.fullmatch(r"qilu_[0-9A-Za-z]{49}", token)
    assert tokens.is_token(token)
    assert token != tokens.new_token()


@given(st.integers(5, 53), st.sampled_from("0123456789ABCxyz"))
def test_a_mistyped_token_is_known_without_asking(place: int, other: str) -> None:
    token = tokens.new_token()
    if token[place] != other:
        assert not tokens.is_token(token[:place] + other + token[place + 1 :])
