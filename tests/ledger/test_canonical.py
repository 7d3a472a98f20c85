"""The canonical encoder, held against rfc8785, and the texts with one form only."""

import json
import unicodedata

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger import canonical
from ledger.errors import FormError

TEXT = st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: unicodedata.normalize("NFC", text))
KEYS = st.text(st.characters(max_codepoint=127))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_encoder_agrees_with_rfc8785(value: canonical.Json) -> None:
    data = canonical.encode(value)
    assert data == rfc8785.dumps(value)
    assert canonical.decode(data) == value


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        2**53,
        -(2**53),
        "e\u0301",
        "\ud800",
        {"é": 1},
        {1: 2},
        {"a": {"b": [0.5]}},
        b"x",
        {1, 2},
    ],
)
def test_values_outside_the_profile_are_refused(value: canonical.Json) -> None:
    with pytest.raises(FormError):
        canonical.encode(value)


def test_bottomless_nesting_is_refused() -> None:
    with pytest.raises(FormError):
        canonical.decode(b"[" * 60_000 + b"]" * 60_000)
    with pytest.raises(FormError):
        canonical.decode(b"[" * 34 + b"]" * 34)


@pytest.mark.parametrize(
    "text",
    [
        '{"b":1,"a":2}', '{"a":1,"a":1}', '{"a": 1}', '{"a":1}\n', '"\\u0041"', "1.0", "1e2", "-0", "NaN", "", "{",
        '{"a":9007199254740992}', '"\\ud800"', "1" * 5000,
    ],
)  # fmt: skip
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(FormError):
        canonical.decode(text.encode())


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(FormError):
        canonical.decode(json.dumps("x").encode("utf-16"))


@given(st.binary(max_size=100))
def test_base64_returns_what_was_encoded(data: bytes) -> None:
    assert canonical.from_base64(canonical.to_base64(data)) == data


@pytest.mark.parametrize("text", ["QQ", "QR==", "QQ==\n", "Q Q==", "QQ-=", "é", "QQ===", "="])
def test_base64_with_spare_bits_or_other_signs_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        canonical.from_base64(text)


@pytest.mark.parametrize("text", ["", "01", "+1", "-1", "1 ", " 1", "1_0", "٣", "1.0", "9" * 20])
def test_numbers_have_one_form(text: str) -> None:
    with pytest.raises(FormError):
        canonical.from_decimal(text)
    assert canonical.from_decimal("0") == 0
    assert canonical.from_decimal("10") == 10
