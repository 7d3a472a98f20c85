import re

import polars as pl
import pytest

from market.inspection.sensitive import negative
from market.inspection.sensitive.negative import Hit
from market.inspection.sensitive.screen import Screen


@pytest.mark.parametrize(
    ("code", "cell"),
    [
        ("state_secret", "文件为机密★三年"),
        ("state_secret", "绝密"),
        ("private_key", "-----BEGIN RSA PRIVATE KEY-----"),
        ("private_key", "-----BEGIN PRIVATE KEY-----"),
        ("credential", "password=hunter22"),
        ("trade_secret", "本文含商业秘密"),
        ("military", "军事禁区以北"),
    ],
)
def test_a_mark_in_one_cell_is_seen(code: str, cell: str) -> None:
    screen = Screen("memo")
    screen.update(pl.Series(["无", None, cell, "价格合理"]))
    assert screen.negative() == {code: 1}
    assert negative.hits(["memo"], {"memo": screen.negative()}) == [Hit(code, "memo", "cells", 1)]


def test_harmless_words_are_none() -> None:
    screen = Screen("memo")
    screen.update(pl.Series(["保密协议", "密度", "秘密花园", "-----", "BEGIN", "keyword: pass", "军事新闻"]))
    assert screen.negative() == {}


def test_names_of_columns_are_read() -> None:
    found = negative.hits(["user_password", "诊断结果", "compass", "amount"], {})
    assert [(hit.code, hit.column, hit.by) for hit in found] == [
        ("credential", "user_password", "header"), ("health_record", "诊断结果", "header"),
    ]  # fmt: skip


def test_every_entry_has_its_reason_in_both_languages() -> None:
    codes = [entry.code for entry in negative.entries()]
    assert len(codes) == len(set(codes))
    for entry in negative.entries():
        assert re.search("[\u4e00-\u9fff]", negative.reason(entry.code)["zh"])
        assert negative.reason(entry.code)["en"].isascii()
        assert bool(entry.cells) == bool(entry.needs)
