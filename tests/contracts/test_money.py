import pytest
from babel.core import get_global
from hypothesis import given
from hypothesis import strategies as st

from contracts.canonical import BOUND
from contracts.errors import MoneyError
from contracts.money import Money, exponent, split

DIGITS = {word: value for value, word in enumerate("零壹贰叁肆伍陆柒捌玖")}
UNITS = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ("0", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角整"),
        ("1.05", "壹元零伍分"),
        ("10", "壹拾元整"),
        # The examples of 支付结算办法, annex 1.
        ("1409.50", "壹仟肆佰零玖元伍角整"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元叁角贰分"),
        ("107000.53", "壹拾万柒仟元伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("1000500", "壹佰万零伍佰元整"),
        ("100010000", "壹亿零壹万元整"),
        ("1234500000000", "壹万贰仟叁佰肆拾伍亿元整"),
    ],
)
def test_amounts_in_words_follow_the_rules_for_bills(figures: str, words: str) -> None:
    assert Money.parse(figures).in_words() == f"人民币{words}"


@given(st.integers(0, BOUND))
def test_words_say_the_same_amount(amount: int) -> None:
    words = Money(amount).in_words()
    assert "零零" not in words
    assert _read(words.removeprefix("人民币").removesuffix("整")) == amount


def _read(words: str) -> int:
    """Read 大写 back, by a reader that knows nothing of how they were written."""
    yuan, found, rest = words.rpartition("元")
    if not found:
        yuan, rest = "", words
    cents = 0
    for digit, unit in zip(rest.replace("零", "")[::2], rest.replace("零", "")[1::2], strict=True):
        cents += DIGITS[digit] * {"角": 10, "分": 1}[unit]
    return _number(yuan) * 100 + cents


def _number(words: str) -> int:
    for name, size in (("亿", 10**8), ("万", 10**4)):
        if name in words:
            high, _, low = words.rpartition(name)
            return _number(high) * size + _number(low)
    total = digit = 0
    for word in words:
        if word in UNITS:
            total += digit * UNITS[word]
            digit = 0
        else:
            digit = DIGITS[word]
    return total + digit


@given(st.integers(0, BOUND), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_figures_come_back(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert Money.parse(money.figures(), currency) == money
    assert money.grouped().replace(",", "") == money.figures()


def test_exponents_are_those_of_iso_4217() -> None:
    assert [exponent(code) for code in ("CNY", "JPY", "KWD", "USD")] == [2, 0, 3, 2]
    amounts = [Money(123_456, code).grouped() for code in ("CNY", "JPY", "KWD")]
    assert amounts == ["1,234.56", "123,456", "123.456"]


def test_currencies_and_their_places_against_the_list_of_unicode() -> None:
    """CLDR gives the places that people use: fewer than ISO 4217 in some currencies, never more."""
    used = get_global("currency_fractions")
    today = {
        code
        for currencies in get_global("territory_currencies").values()
        for code, _since, until, tender in currencies
        if until is None and tender
    }
    for code in today:
        places = used.get(code, used["DEFAULT"])[0]
        assert exponent(code) >= places, code
        assert exponent(code) == places or (exponent(code), places) in {(2, 0), (3, 0)}, code
    three = {code for code in today if exponent(code) == 3}
    assert three == {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}


@pytest.mark.parametrize(
    "text", ["", "1.", ".5", "1e3", "-1", "+1", "1,000", "01", "1.005", "١", "9" * 17, "1 "]
)
def test_other_writings_of_an_amount_are_refused(text: str) -> None:
    with pytest.raises(MoneyError):
        Money.parse(text)


@pytest.mark.parametrize("amount", [-1, BOUND + 1, True, 1.0])
def test_amounts_are_whole_and_bounded(amount: int) -> None:
    with pytest.raises(MoneyError):
        Money(amount)


def test_unknown_currencies_and_foreign_words_are_refused() -> None:
    with pytest.raises(MoneyError):
        Money(1, "RMB")
    with pytest.raises(MoneyError):
        Money(1, "USD").in_words()


@given(st.integers(0, BOUND), st.lists(st.integers(0, 10_000), min_size=1).filter(any))
def test_a_split_loses_nothing_and_is_fair(amount: int, weights: list[int]) -> None:
    shares = split(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - amount * weight) < sum(weights)


def test_a_split_gives_the_rest_to_the_largest_remainder() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(5, [1, 2]) == [2, 3]
    assert split(1, [0, 1]) == [0, 1]


@pytest.mark.parametrize("weights", [[], [0], [-1, 2]])
def test_a_split_needs_weights(weights: list[int]) -> None:
    with pytest.raises(MoneyError):
        split(1, weights)
