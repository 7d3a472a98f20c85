import re

import pytest
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
