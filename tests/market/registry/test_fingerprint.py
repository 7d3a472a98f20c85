"""Samples as they are kept: under the secret, whole after storing, no more of a value than its leading zeros."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from market.registry import fingerprint

VALUES = st.sets(st.integers(0, 2**64 - 1), max_size=40)


@given(
    st.lists(st.tuples(st.booleans(), VALUES, st.integers(0, 2**40)), max_size=5),
    st.binary(min_size=32, max_size=32),
)
def test_what_is_stored_is_read_again(given: list[tuple[bool, set[int], int]], secret: bytes) -> None:
    documents = [
        {
            "of": "rows" if rows else "column", "level": 0, "distinct": len(values), "filled": len(values) + more + 1,
            "values": [f"{value:016x}" for value in values],
        }
        for rows, values, more in given
    ]  # fmt: skip
    kept = fingerprint.keyed(secret, documents)
    assert [
        (one.rows, one.level, one.distinct, one.filled, bytes(one.zeros), tuple(one.values))
        for one in fingerprint.unpack(fingerprint.pack(kept))
    ] == [
        (one.rows, one.level, one.distinct, one.filled, bytes(one.zeros), tuple(one.values)) for one in kept
    ]
    for one in kept:
        assert list(one.zeros) == sorted(one.zeros, reverse=True)


def test_a_value_is_kept_under_the_secret_with_its_zeros() -> None:
    raw = (7).to_bytes(8, "big")
    (one,) = fingerprint.keyed(
        b"k" * 32, [{"of": "rows", "level": 0, "distinct": 1, "filled": 1, "values": [raw.hex()]}]
    )
    hidden = hmac.new(b"k" * 32, raw, hashlib.sha256).digest()[:8]
    assert [value.to_bytes(8, "big", signed=True) for value in one.values] == [hidden]
    assert list(one.zeros) == [61]
    assert raw not in fingerprint.pack([one])


def test_of_a_wide_table_the_columns_that_repeat_least_are_kept() -> None:
    documents = [
        {"of": "column", "level": 0, "distinct": 1000, "filled": 1000 + place, "values": []}
        for place in range(60)
    ]
    documents.append({"of": "rows", "level": 0, "distinct": 1000, "filled": 1900, "values": []})
    kept = fingerprint.keyed(b"k" * 32, documents)
    assert kept[0].rows
    assert [one.filled for one in kept[1:]] == list(range(1000, 1000 + fingerprint.COLUMNS))
