import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from contracts import canonical
from contracts.errors import CanonicalError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
KEYS = st.text(st.characters(max_codepoint=127))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-canonical.BOUND, canonical.BOUND) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


@given(VALUES)
def test_the_bytes_are_those_of_rfc8785(value: object) -> None:
    assert canonical.encode(value) == rfc8785.dumps(value)  # type: ignore[arg-type]
    assert canonical.decode(canonical.encode(value)) == value


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), 2**53, -(2**53), "\ud800", {"é": 1}, {1: 1}, b"x", {"a": {1}}]
)
def test_values_without_one_form_are_refused(value: object) -> None:
    with pytest.raises(CanonicalError):
        canonical.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b"1.0",
        b"01",
        b'"\\u0041"',
        b'{"a":1,"a":1}',
        b"\xff",
        b"[" * 10_000,
        b"",
    ],
)
def test_any_other_writing_is_refused(data: bytes) -> None:
    with pytest.raises(CanonicalError):
        canonical.decode(data)


def test_digests_are_the_published_ones() -> None:
    # FIPS 180-4 and GB/T 32905-2016, example 1.
    assert canonical.sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert canonical.sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@pytest.mark.parametrize("text", ["", "A" * 64, "0" * 63, "0" * 64 + "\n", None, 0])
def test_only_64_small_hex_characters_are_a_digest(text: object) -> None:
    assert not canonical.is_digest(text)
