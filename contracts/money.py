"""Money as integer minor units with an ISO 4217 currency; never a float."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.canonical import BOUND
from contracts.errors import MoneyError

_CODES: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
    COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF
    SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU
    UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
_CURRENCIES: Final = frozenset(_CODES.split())
_WITHOUT_DECIMALS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS: Final = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS: Final = {
    **dict.fromkeys(_WITHOUT_DECIMALS.split(), 0),
    **dict.fromkeys(_THREE_DECIMALS.split(), 3),
}
"""Decimal places that are not two (ISO 4217, list one, "Minor unit"). What people are used to see may differ: they
write rupiah without decimals, and a minor unit is a hundredth of one all the same."""

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_UNITS: Final = ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾"))
_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]*)(?:\.([0-9]+))?")


def exponent(currency: str) -> int:
    """Return how many decimal places the minor unit of ``currency`` has (ISO 4217): CNY 2, JPY 0.

    Raises:
        MoneyError: the code is not an active ISO 4217 currency.
    """
    if currency not in _CURRENCIES:
        raise MoneyError(f"{currency!r} is not an ISO 4217 currency code")
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount that is never negative.

    Attributes:
        amount: minor units, fen for CNY; 0 … 2^53 - 1.
        currency: ISO 4217 code.
    """

    amount: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        exponent(self.currency)
        if type(self.amount) is not int or not 0 <= self.amount <= BOUND:
            raise MoneyError("an amount is a whole number of minor units from 0 to 2^53 - 1")

    @classmethod
    def parse(cls, text: str, currency: str = "CNY") -> "Money":
        """Return the amount written in major units, such as ``1280.50``.

        Raises:
            MoneyError: not a plain decimal, or finer than the minor unit of the currency.
        """
        places = exponent(currency)
        match = _DECIMAL.fullmatch(text) if text.isascii() else None
        if match is None:
            raise MoneyError(f"{text!r} is not an amount such as 1280.50")
        whole, fraction = match[1], match[2] or ""
        if len(fraction) > places or len(whole) > 16:
            raise MoneyError(f"{text!r} is too large or finer than the minor unit of {currency}")
        return cls(int(whole + fraction.ljust(places, "0")), currency)

    def figures(self) -> str:
        """Return the amount in major units with all decimal places and no grouping: ``1280.50``."""
        places = exponent(self.currency)
        text = str(self.amount).rjust(places + 1, "0")
        return text if places == 0 else f"{text[:-places]}.{text[-places:]}"

    def grouped(self) -> str:
        """Return the amount for readers, with thousands separated: ``1,280.50``."""
        whole, dot, fraction = self.figures().partition(".")
        return f"{int(whole):,}{dot}{fraction}"

    def in_words(self) -> str:
        """Return the 大写 amount, such as ``人民币壹仟贰佰捌拾元伍角整``.

        Written by the People's Bank's rules for filling in bills (支付结算办法, annex 1): 整 after 元 and 角, none
        after 分, one 零 for a run of zeros; where the rules leave 零 to the writer it is left out.

        Raises:
            MoneyError: 大写 amounts are defined for CNY only.
        """
        if self.currency != "CNY":
            raise MoneyError("大写 amounts are written for CNY only")
        yuan, rest = divmod(self.amount, 100)
        jiao, fen = divmod(rest, 10)
        words = f"{_whole(yuan)}元" if yuan or not rest else ""
        if jiao:
            words += f"{_DIGITS[jiao]}角"
        elif fen and yuan:
            words += "零"
        words += f"{_DIGITS[fen]}分" if fen else "整"
        return f"人民币{words}"


def _whole(number: int) -> str:
    """Return a whole number in 大写 digits, one 零 for each inner run of zeros."""
    if number < 10:
        return _DIGITS[number]
    unit, name = next((unit, name) for unit, name in _UNITS if number >= unit)
    high, low = divmod(number, unit)
    words = _whole(high) + name
    if low:
        words += (_DIGITS[0] if low < unit // 10 else "") + _whole(low)
    return words


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Return ``amount`` minor units shared out by ``weights``, to the last unit, by largest remainder.

    Ties go to the earlier weight, so the result depends on nothing but the arguments.

    Raises:
        MoneyError: a weight is negative, or all of them are zero.
    """
    total = sum(weights)
    if total <= 0 or any(weight < 0 for weight in weights) or amount < 0:
        raise MoneyError("shares need an amount and weights that are not negative, and one weight above zero")
    parts = [divmod(amount * weight, total) for weight in weights]
    shares = [part for part, _ in parts]
    order = sorted(range(len(weights)), key=lambda index: (-parts[index][1], index))
    for index in order[: amount - sum(shares)]:
        shares[index] += 1
    return shares
