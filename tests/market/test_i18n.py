from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contracts.money import Money
from market import i18n

HTML = {"Accept": "text/html"}


@pytest.fixture
def client(exchange: Flask) -> FlaskClient:
    return exchange.test_client()


def shown(client: FlaskClient, address: str = "/rules", accept: str | None = None) -> str:
    text = client.get(address, headers={**HTML, **({"Accept-Language": accept} if accept else {})}).text
    return "zh" if '<html lang="zh-Hans"' in text else "en"


def test_the_language_is_asked_remembered_accepted_or_the_setting(client: FlaskClient) -> None:
    assert shown(client) == "zh"
    assert shown(client, accept="en-GB,en;q=0.9") == "en"
    assert shown(client, accept="fr") == "zh"
    assert shown(client, "/rules?lang=en") == "en"
    assert shown(client, accept="zh-CN") == "en"
    assert shown(client, "/rules?lang=zh") == "zh"
    assert shown(client, "/rules?lang=xx", accept="en") == "zh"


def test_amounts_days_and_sizes(exchange: Flask) -> None:
    assert i18n.money(123450) == "¥1,234.50"
    assert i18n.money(5, "JPY") == "JPY 5"
    assert i18n.money(Money(99, "USD")) == "USD 0.99"
    assert i18n.money(1_234_567, "KWD") == "KWD 1,234.567"
    assert i18n.money(-123450) == "\N{MINUS SIGN}¥1,234.50"
    assert i18n.money(-5, "JPY") == "\N{MINUS SIGN}JPY 5"
    assert i18n.capitals(128050) == "人民币壹仟贰佰捌拾元伍角整"
    late = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    assert i18n.day(late) == "2026-11-23"
    assert i18n.moment(late) == "2026-11-23 01:00:00 UTC+8"
    assert [i18n.size(n) for n in (0, 1023, 1536, 3 << 30)] == ["0 B", "1023 B", "1.5 KiB", "3.0 GiB"]
    assert i18n.whole(1234567) == "1,234,567"


def test_outside_an_application_sentences_stay_english() -> None:
    assert i18n.gettext("%(count)s waiting", count=3) == "3 waiting"
