"""The leaf format is final: these bytes must never change."""

import dataclasses
import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rfc8785

from ledger.entry import ERASURE, MAX_LEAF, Entry, commitment, format_time, parse
from ledger.errors import FormError, TooLargeError

ID = uuid.UUID("0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b")
HASH = "ab" * 32
ENTRY = Entry(
    id=ID,
    kind="contract.signed",
    handle="abcdefghijklmnopqrstuvwxyz",
    seq=2,
    rules=1,
    time=datetime(2026, 11, 22, 11, tzinfo=UTC),
    commitments={"step": HASH, "posting.2": HASH, "user.email": HASH},
)
LEAF = (
    f'{{"c":{{"posting.2":"{HASH}","step":"{HASH}","user.email":"{HASH}"}},"id":"0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b",'
    '"kind":"contract.signed","object":"abcdefghijklmnopqrstuvwxyz","rules":1,"seq":2,'
    '"time":"2026-11-22T11:00:00.000Z","v":1}'
).encode()
ERASED = dataclasses.replace(ENTRY, kind=ERASURE, erased=((ID, "user.email"),))


def test_the_leaf_is_these_bytes() -> None:
    assert ENTRY.leaf() == LEAF
    assert parse(LEAF) == ENTRY


def test_an_erasure_names_what_it_destroyed() -> None:
    assert b'"erased":[["0190a1b2-c3d4-4e5f-8a9b-0c1d2e3f4a5b","user.email"]]' in ERASED.leaf()
    assert parse(ERASED.leaf()) == ERASED


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "Contract.signed"}, {"kind": "contract"}, {"kind": "contract.signed.twice"},
        {"handle": "short"}, {"handle": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}, {"handle": "1bcdefghijklmnopqrstuvwxyz"},
        {"seq": -1}, {"seq": True}, {"rules": 0}, {"rules": "1"},
        {"time": datetime(2026, 11, 22, 11)},  # noqa: DTZ001
        {"time": datetime(2026, 11, 22, 11, 0, 0, 1, tzinfo=UTC)},
        {"time": datetime(2026, 11, 22, 11, tzinfo=timezone(timedelta(hours=8)))},
        {"commitments": {}}, {"commitments": {"Step": HASH}}, {"commitments": {"a..b": HASH}},
        {"commitments": {"step": HASH.upper()}}, {"commitments": {"step": HASH[:-1]}},
        {"commitments": {"a" * 101: HASH}},
        {"erased": ((ID, "user.email"),)}, {"kind": ERASURE},
        {"kind": ERASURE, "erased": ((ID, "user.email"), (ID, "user.email"))},
        {"kind": ERASURE, "erased": ((ID, "../x"),)},
    ],
)  # fmt: skip
def test_values_outside_the_format_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FormError):
        dataclasses.replace(ENTRY, **change)


def altered(**change: Any) -> bytes:
    value = json.loads(LEAF) | change
    return rfc8785.dumps({key: member for key, member in value.items() if member is not ...})


@pytest.mark.parametrize(
    "leaf",
    [
        altered(v=2), altered(v=True), altered(v="1"), altered(x=1), altered(c=...), altered(erased=[]),
        altered(erased=[[str(ID), "user.email"]]), altered(seq="2"), altered(seq=True), altered(rules=None),
        altered(id=str(ID).upper()), altered(id=ID.hex), altered(id=7), altered(time="2026-11-22T11:00:00Z"),
        altered(time="2026-11-22T11:00:00.000000Z"), altered(time="2026-02-30T11:00:00.000Z"), altered(time=1),
        altered(kind=None), altered(object=[]), altered(c=[]), altered(c={"step": 1}),
        LEAF + b"\n", b"[]", b"null", b"\xff", LEAF.replace(b":1,", b": 1,"),
    ],
)  # fmt: skip
def test_other_leaves_are_refused(leaf: bytes) -> None:
    with pytest.raises(FormError):
        parse(leaf)


def test_every_flipped_bit_of_a_leaf_is_refused_or_seen() -> None:
    for position in range(len(LEAF)):
        for bit in range(8):
            flipped = bytearray(LEAF)
            flipped[position] ^= 1 << bit
            try:
                assert parse(bytes(flipped)) != ENTRY
            except FormError:
                continue


@pytest.mark.parametrize(("extra", "fits"), [(0, True), (1, False), (2, False)])
def test_a_leaf_ends_at_65535_bytes(extra: int, fits: bool) -> None:
    many = {f"f{number}": HASH for number in range(860)}
    short = MAX_LEAF - len(dataclasses.replace(ENTRY, commitments=many).leaf())
    while short >= 150:
        many[f"g{len(many)}"] = HASH
        short = MAX_LEAF - len(dataclasses.replace(ENTRY, commitments=many).leaf())
    many["x" * (short - 70 + extra)] = HASH  # a field of n letters costs n + 70 bytes
    entry = dataclasses.replace(ENTRY, commitments=many)
    if fits:
        assert len(entry.leaf()) == MAX_LEAF
        assert parse(entry.leaf()) == entry
    else:
        with pytest.raises(TooLargeError):
            entry.leaf()


def test_commitment_is_the_documented_hash() -> None:
    salt = bytes(range(32))
    expected = hashlib.sha256(b"qilu-commit-v1\x00" + salt + b'{"user.email":"a@b"}').hexdigest()
    assert commitment(salt, "user.email", "a@b") == expected
    with pytest.raises(FormError):
        commitment(salt[:-1], "user.email", "a@b")


@pytest.mark.parametrize("year", [1, 999, 2026, 9999])
def test_time_always_has_four_digits_of_year(year: int) -> None:
    assert format_time(datetime(year, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)) == f"{year:04d}-01-02T03:04:05.678Z"
