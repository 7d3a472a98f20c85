import re
from collections import Counter

import pytest
from flask import Flask

from market import rules, translations, words
from market.home.pages import UNITS
from market.steps import Kind

BLANK = re.compile(r"%\(\w+\)s")


def test_every_sentence_has_its_chinese_and_every_chinese_its_sentence() -> None:
    wanted = {sentence for sentence, _place in translations.sentences()}
    known = {str(message.id): message.string for message in translations.catalogue() if message.id}
    assert wanted - set(known) == set(), "run: python -m market.translations"
    assert set(known) - wanted == set(), "run: python -m market.translations"
    assert [sentence for sentence, chinese in known.items() if not chinese] == []


def test_the_blanks_of_a_sentence_are_those_of_its_chinese() -> None:
    for message in translations.catalogue():
        if message.id:
            assert Counter(BLANK.findall(str(message.id))) == Counter(BLANK.findall(str(message.string))), (
                message.id
            )


def test_the_compiled_file_is_that_of_the_text() -> None:
    compiled = translations.TEXT.with_suffix(".mo").read_bytes()
    assert compiled == translations.compiled(translations.catalogue()), "run: python -m market.translations"


def test_pages_speak_chinese(exchange: Flask) -> None:
    client = exchange.test_client()
    for address, word in (
        ("/", "齐鲁"),
        ("/sign-in", "登录"),
        ("/join", "统一社会信用代码"),
        ("/rules", "交易规则"),
    ):
        assert word in client.get(address, headers={"Accept": "text/html", "Accept-Language": "zh"}).text


def test_errors_speak_the_caller_s_language(exchange: Flask) -> None:
    client = exchange.test_client()
    chinese = client.get("/api/v1/me", headers={"Accept-Language": "zh"}).json["detail"]
    english = client.get("/api/v1/me", headers={"Accept-Language": "en"}).json["detail"]
    assert "令牌" in chinese
    assert "token" in english


@pytest.mark.parametrize("tone", ["good", "wait", "bad", "rest"])
def test_states_are_shown_in_four_tones(tone: str) -> None:
    assert tone in {words.tone_of(state) for state in words.STATES}
    assert {words.tone_of(state) for state in words.STATES} <= {"good", "wait", "bad", "rest"}


def test_every_unit_of_the_rule_book_has_a_word() -> None:
    assert {value.unit for value in rules.book().values} <= set(UNITS)


def test_every_kind_of_step_has_a_word() -> None:
    assert set(words.KINDS) == {kind.value for kind in Kind}
    assert words.stopped("asset.rejected")
    assert not words.stopped("asset.registered")
