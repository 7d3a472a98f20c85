"""RFC 9110 ranges."""

import pytest

from market.delivery.ranges import Span, Unsatisfiable, etag, matches, wanted

TAG = etag("ab" * 32)


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", Span(0, 1)),
        ("bytes=0-99", Span(0, 10)),
        ("bytes=4-", Span(4, 10)),
        ("BYTES= 4-6", Span(4, 7)),
        ("bytes=-3", Span(7, 10)),
        ("bytes=-30", Span(0, 10)),
        ("bytes=9-9999999999999999999", Span(9, 10)),
    ],
)
def test_single_range(header: str, span: Span) -> None:
    assert wanted(header, None, TAG, 10) == span
    assert wanted(header, TAG, TAG, 10) == span


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes", "bytes=", "bytes=-", "items=0-1", "bytes=5-2", "bytes=a-b", "bytes=0-1,3-4", "bytes=+1-2",
     "bytes=٣-٤", "bytes=0x1-2", "bytes=1 -2", "bytes=00000000000000000000000000001-"],
)  # fmt: skip
def test_not_understood_means_whole(header: str | None) -> None:
    assert wanted(header, None, TAG, 10) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_outside_is_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        wanted(header, None, TAG, 10)


@pytest.mark.parametrize("if_range", ['"other"', "W/" + TAG, "Sun, 22 Nov 2026 11:00:00 GMT", ""])
def test_if_range_that_differs_asks_for_whole(if_range: str) -> None:
    assert wanted("bytes=10-", if_range, TAG, 10) is None


def test_content_range() -> None:
    assert Span(2, 5).content_range(10) == "bytes 2-4/10"


def test_if_none_match() -> None:
    assert matches(TAG, TAG)
    assert matches(f'"x", W/{TAG}', TAG, weak=True)
    assert not matches(f"W/{TAG}", TAG)
    assert matches("*", TAG)
    assert not matches(None, TAG)
