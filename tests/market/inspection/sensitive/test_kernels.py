"""The vectorised kernels against the obvious way, one cell and one character at a time."""

import calendar
import random
import re
import unicodedata
from collections.abc import Callable

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.identifiers import credit_check
from market.inspection.flat import Flat
from market.inspection.sensitive import checks, kernels, shapes
from market.inspection.sensitive.surnames import COMMON, COMPOUND, OTHER
from market.inspection.sensitive.windows import NEAR, PARTED
from tests.market.inspection.sensitive import made

LENGTHS = (11, 13, 15, 16, 17, 18, 19)


def plain(text: str) -> str:
    usual = r"[\x00-\x7f\u3001\u3002\u4000-\u9fff\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f]*"
    if not re.fullmatch(usual, text):
        text = unicodedata.normalize("NFKC", text)
        text = re.sub("[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u180e]", "", text)
        text = re.sub("[\u2010-\u2015\u2212\ufe58\ufe63\u30fc]", "-", text)
        text = re.sub("[\u2000-\u200a]", " ", text)
    return text.strip(" \t\r\n") or "-"


def numbers(text: str, length: int) -> list[tuple[str, int]]:
    """Return the windows of a length and how many bytes each spans."""
    found = []
    for start in range(len(text)):
        if text[start] not in "0123456789" or (start and text[start - 1] in "0123456789"):
            continue
        at, taken = start, text[start]
        while len(taken) < length and at + 1 < len(text) and taken[-1] in "0123456789":
            step = at + 1
            if text[step] in " -" and step + 1 < len(text) and len(taken) in PARTED[length]:
                step += 1
            if text[step] not in "0123456789Xx":
                break
            at, taken = step, taken + text[step].upper()
        closed = at + 1 == len(text) or text[at + 1] not in "0123456789"
        if len(taken) == length and closed and (length == 18 or taken[-1] != "X"):
            found.append((taken, at + 1 - start))
    return found


def is_day(year: int, month: int, day: int) -> bool:
    if not (1900 <= year <= 2035 and 1 <= month <= 12):
        return False
    return 1 <= day <= calendar.monthrange(year, month)[1]


def is_resident(number: str) -> bool:
    if len(number) == 18:
        born = is_day(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        return born and int(number[:2]) in checks.PROVINCES and number[14:17] != "000"
    born = is_day(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12]))
    return born and int(number[:2]) in checks.PROVINCES and number[12:] != "000"


def is_credit(code: str) -> bool:
    form = re.fullmatch("[1-9A-GNY][1-9][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", code)
    return bool(form) and (int(code[2:4]) in checks.PROVINCES or code[2:4] == "10")


def is_card(number: str) -> bool:
    return any(number.startswith(start) and len(number) in sizes for start, sizes in checks.CARDS)


def kinds(number: str) -> list[tuple[str, bool]]:
    """Return the names of a window's marks, and whether its check symbol is right."""
    found = []
    length = len(number)
    if length == 11:
        found.append(("eleven", False))
    for country in ("", "86", "0086"):
        local = number[len(country) :]
        if (
            number.startswith(country)
            and len(local) == 11
            and local.isdigit()
            and int(local[:3]) in checks.SEGMENTS
        ):
            found.append(("mobile", False))
    if length == 15 and is_resident(number):
        found.append(("id15", False))
    resident = length == 18 and is_resident(number)
    if length == 18:
        found.append(("eighteen", False))
    if resident:
        found.append(("id", made.id_check(number[:17]) == number[17]))
    elif length == 18 and is_credit(number):
        found.append(("credit", credit_check(number[:17]) == number[17]))
    if length >= 15 and number[-1] != "X" and not resident and is_card(number):
        found.append(("card", made.luhn(number[:-1]) == number[-1]))
    return found


def slow(text: str) -> set[str]:
    text = plain(text)
    size = len(text.encode())
    found = set()
    for length in LENGTHS:
        for number, span in numbers(text, length):
            where = "whole" if size - span <= NEAR else "text"
            for kind, valid in kinds(number):
                found.add(f"{kind}.{where}")
                if valid:
                    found.add(f"{kind}.{where}.valid")
    for code in re.findall("(?<![0-9A-Za-z])(?=[0-9A-Z]{18}(?![0-9A-Za-z])).{18}", text):
        if is_credit(code) and not re.fullmatch("[0-9]{17}.", code):
            where = "whole" if size <= 20 else "text"
            found |= {f"credit.{where}"} | (
                {f"credit.{where}.valid"} if credit_check(code[:17]) == code[17] else set()
            )
    for mark, near, pattern in (
        ("mobile.text", "mobile.near", kernels.NEAR_PHONE),
        ("card.text", "card.near", kernels.NEAR_CARD),
        ("card.text.valid", "card.near.valid", kernels.NEAR_CARD),
    ):
        if mark in found and re.search(pattern, text):
            found.add(near)
    return found | forms(text)


def forms(text: str) -> set[str]:
    patterns = {
        "email": shapes.EMAIL, "mac": shapes.MAC, "point": shapes.POINT, "landline": shapes.LANDLINE,
        "landline.bare": shapes.LANDLINE_BARE, "passport": shapes.PASSPORT, "permit": shapes.PERMIT,
        "plate": shapes.PLATE, "address": shapes.ADDRESS,
    }  # fmt: skip
    found = {mark for mark, pattern in patterns.items() if re.search(pattern, text)}
    if re.search(shapes.IPV6, text):
        found |= {"ip", "ip.high"}
    if re.search(shapes.IPV4, text):
        found |= {"ip"} | ({"ip.high"} if re.search(shapes.IPV4_HIGH, text) else set())
    if re.fullmatch("[\u4000-\u9fff]{2,4}", text):
        found.add("han")
        if text[0] in COMMON or (len(text) > 2 and text[:2] in COMPOUND):
            found.add("name.common")
        elif text[0] in OTHER:
            found.add("name.rare")
    return found


def fast(cells: list[str]) -> list[set[str]]:
    series = pl.Series(cells, dtype=pl.String)
    found: list[set[str]] = [set() for _ in cells]
    for mark, at in kernels.marks(series, Flat(series)).items():
        assert list(at) == sorted(set(at)), mark
        for cell in at:
            found[cell].add(mark)
    return found


def _made(seed: int) -> str:
    r = random.Random(seed)
    makes: list[Callable[[random.Random], str]] = [
            made.resident, made.old_resident, made.card, made.credit, made.mobile, made.person,
            lambda r: made.resident(r, valid=False), lambda r: "+86" + made.mobile(r),
            lambda r: made.digits(r, r.randrange(9, 21)), lambda r: "E" + made.digits(r, 8),
            lambda r: ".".join(str(r.randrange(300)) for _ in range(4)), lambda r: f"a{r.randrange(9)}@b.cn",
            lambda r: ":".join(f"{r.randrange(256):02x}" for _ in range(6)), lambda r: "鲁A·" + made.digits(r, 5),
            lambda r: f"{r.uniform(0, 190):.5f},{r.uniform(0, 90):.4f}", lambda r: "0531-8" + made.digits(r, 7),
            lambda r: f"济南市历下区泺源大街{r.randrange(99)}号", lambda r: f"2001:db8::{r.randrange(65536):x}",
    ]  # fmt: skip
    number = r.choice(makes)(r)
    if r.random() < 0.4:
        mark = r.choice([" ", "-", "\u200b", "－", "\u3000", "\xa0"])
        number = "".join(mark + c if r.random() < 0.2 else c for c in number)
    if r.random() < 0.3:
        number = made.wide(number)
    if r.random() < 0.4:
        return number
    before, after = (
        r.choice(["", "x", "身份证", "电话：", "卡号", "9", " "]),
        r.choice(["", "X", "号，", "0"]),
    )
    return before + number + after


CELLS = st.one_of(
    st.integers(0, 10**9).map(_made),
    st.tuples(st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from(["", " ", "，", "-"])).map(
        lambda two: _made(two[0]) + two[2] + _made(two[1])
    ),
    st.text(st.sampled_from("0123456789Xx -.:@A王市区路号，０１８\u200b"), min_size=1, max_size=24),
    # The obvious way knows the characters of this Python's tables alone; the kernel's tables may be younger.
    st.text(st.characters(exclude_categories=["Cs", "Cn"]), min_size=1, max_size=24),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=6))
@example(["2021-07-20 08:52:03"] * 3)
@example(["37010119900307123:"] * 2)
@example(["37010119900307123:", "13812345678", "6222021234567890", "1234567890123456x"])
@example(["2021-07-20", "2021/07/21"])
def test_marks_are_those_of_the_obvious_way(cells: list[str]) -> None:
    assert fast(cells) == [slow(cell) for cell in cells]


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 10**9),
    st.sampled_from([made.resident, made.mobile, made.card, made.old_resident, made.credit]),
)
def test_uniform_columns_are_marked_alike(seed: int, make: Callable[[random.Random], str]) -> None:
    r = random.Random(seed)
    cells = [make(r) for _ in range(4)]
    assert fast(cells) == [slow(cell) for cell in cells]


@settings(deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=5))
def test_text_takes_one_form(cells: list[str]) -> None:
    assert kernels.normalised(pl.Series(cells)).to_list() == [plain(cell) for cell in cells]


def test_normalising_leaves_the_cells_as_they_are() -> None:
    """What is screened is hashed afterwards, and must be what stands in the file."""
    cells = pl.Series(["a", "¨", "１３８"])
    before = cells.to_list()
    assert kernels.normalised(cells).to_list() == ["a", "\u0308", "138"]
    assert cells.to_list() == before
