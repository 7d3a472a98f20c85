"""The typed blanks of a model text: what may stand in one, which are asked for, and what they begin with.

A value is plain JSON of one form only, so that the same agreement is always the same bytes.  Every complaint names the
blank and says in both languages what is wanted, since people read it beside the field they filled.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from contracts.canonical import BOUND, is_digest
from contracts.conditions import parse
from contracts.errors import ContractError, TermsError
from contracts.facts import require_text
from contracts.identifiers import parse_credit_code
from contracts.library import Blank, Model
from contracts.money import Money
from contracts.vocabulary import Indicator

ROWS: Final = 50
"""Most rows of a table that is filled in."""
_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,15})(\.[0-9]{1,9})?")

Check = Callable[[Blank, Any, Model], None]


def require(model: Model, values: Mapping[str, Any]) -> None:
    """Return when exactly the blanks that the text asks for are filled, each with a value of its type.

    Raises:
        TermsError: a blank is missing, not asked for under these values, unknown, or filled wrongly.
    """
    for fault in faults(model, values).values():
        raise fault


def faults(model: Model, values: Mapping[str, Any]) -> dict[str, TermsError]:
    """Return what is wrong with each blank, all at once, for whoever fills a form."""
    found: dict[str, TermsError] = {}
    open_ones = {blank.name: blank for blank in asked(model, values)}
    for name in values:
        if name in open_ones:
            continue
        if name not in model.blanks or model.blanks[name].given:
            found[name] = TermsError(name, "is not a blank of this text", "不是本文本的填写项")
        else:
            found[name] = TermsError(name, "is not asked for with these terms", "在当前约定下不需填写")
    for name, blank in open_ones.items():
        try:
            if name in values:
                check(model, name, values[name])
            elif not blank.optional:
                found[name] = TermsError(name, "is not filled in", "尚未填写")
        except TermsError as error:
            found[name] = error
    return found


def asked(model: Model, values: Mapping[str, Any]) -> list[Blank]:
    """Return the blanks that the text has under these values, in its order."""
    return [blank for blank in model.blanks.values() if not blank.given and parse(blank.when).holds(values)]


def defaults(model: Model, over: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Return the values a provider begins with: ``over``, completed by the text's own defaults.

    What ``over`` fills is kept even if it is wrong; a blank that falls away under these values is left out.
    """
    values: dict[str, Any] = {}
    for blank in model.blanks.values():
        if blank.given or not parse(blank.when).holds({**over, **values}):
            continue
        if blank.name in over:
            values[blank.name] = over[blank.name]
        elif blank.default is not None:
            values[blank.name] = blank.default
    unknown = {name: value for name, value in over.items() if name not in model.blanks}
    return {**values, **unknown}


def check(model: Model, name: str, value: Any) -> None:
    """Return when ``value`` may stand in a blank.

    Raises:
        TermsError: it is of another type or out of bounds.
    """
    blank = model.blanks[name]
    if blank.type not in CHECKS:
        raise TermsError(name, f"has the unknown type {blank.type}")
    CHECKS[blank.type](blank, value, model)


def _choice(blank: Blank, value: Any, model: Model) -> None:
    if not isinstance(value, str) or value not in model.words[blank.options]:
        raise TermsError(blank.name, "is one of the words offered", "应为所列选项之一")


def _choices(blank: Blank, value: Any, model: Model) -> None:
    words = list(model.words[blank.options])
    if not isinstance(value, list) or value != [word for word in words if word in value]:
        raise TermsError(
            blank.name, "lists words that are offered, each once, in their order", "应为所列选项，各列一次"
        )
    if len(value) < blank.least:
        raise TermsError(blank.name, f"needs at least {blank.least}", f"至少选{blank.least}项")


def _text(blank: Blank, value: Any, _: Model) -> None:
    if not isinstance(value, str):
        raise TermsError(blank.name, "is text", "应为文字")
    try:
        require_text(blank.name, value, blank.limit)
    except TermsError as error:
        zh = f"应为1至{blank.limit}个字符，且不含不可见字符"
        raise TermsError(blank.name, error.en, zh) from None


def _whole(blank: Blank, value: Any, _: Model) -> None:
    if type(value) is not int or not blank.low <= value <= blank.high:
        raise TermsError(
            blank.name,
            f"needs a whole number from {blank.low} to {blank.high}",
            f"应为{blank.low}至{blank.high}的整数",
        )


def _decimal(blank: Blank, value: Any, _: Model) -> None:
    if not isinstance(value, str) or _DECIMAL.fullmatch(value) is None:
        raise TermsError(blank.name, "is a decimal such as 0.995", "应为小数，例如0.995")


def _share(blank: Blank, value: Any, model: Model) -> None:
    _decimal(blank, value, model)
    if Decimal(value) > 1:
        raise TermsError(blank.name, "is a share from 0 to 1", "应为0至1之间的比例")


def _money(blank: Blank, value: Any, _: Model) -> None:
    try:
        whole = isinstance(value, dict) and len(value) == 2
        good = whole and Money(value["amount"], value["currency"]) is not None
    except (ContractError, KeyError, TypeError):
        good = False
    if not good:
        raise TermsError(blank.name, "is an amount with its currency", "应为金额和币种")


def _date(blank: Blank, value: Any, _: Model) -> None:
    try:
        same = date.fromisoformat(value).isoformat() == value
    except (TypeError, ValueError):
        same = False
    if not same:
        raise TermsError(blank.name, "is a day such as 2026-11-30", "应为日期，例如2026-11-30")


def _digest(blank: Blank, value: Any, _: Model) -> None:
    if not is_digest(value):
        raise TermsError(
            blank.name,
            "is a SHA-256 digest in 64 lower-case hex characters",
            "应为64位小写十六进制的SHA-256摘要",
        )


def _yes_no(blank: Blank, value: Any, _: Model) -> None:
    if not isinstance(value, bool):
        raise TermsError(blank.name, "is yes or no", "应为是或否")


def _rows(blank: Blank, value: Any, names: frozenset[str]) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > ROWS:
        raise TermsError(blank.name, f"is a table of at most {ROWS} rows", f"应为不超过{ROWS}行的表格")
    if not value and not blank.optional:
        raise TermsError(blank.name, "needs at least one row", "至少填写一行")
    for row in value:
        if not isinstance(row, dict) or set(row) != names:
            raise TermsError(
                blank.name, f"has rows of {', '.join(sorted(names))}", f"每行包括{'、'.join(sorted(names))}"
            )
    if len({repr(sorted(row.items(), key=str)) for row in value}) != len(value):
        raise TermsError(blank.name, "says the same twice", "有重复的行")
    return value


_PROMISE: Final = frozenset({"indicator", "operator", "value", "field", "method", "remedy"})


def _quality(blank: Blank, value: Any, model: Model) -> None:
    seen = set()
    for row in _rows(blank, value, _PROMISE):
        for name in ("indicator", "operator", "method", "remedy"):
            if not isinstance(row[name], str) or row[name] not in model.words[name]:
                raise TermsError(
                    blank.name, f"{row[name]!r} is not offered as {name}", f"“{row[name]}”不是所列选项"
                )
        _promised(blank, row, model)
        key = (row["indicator"], row["operator"], row["field"])
        if key in seen:
            raise TermsError(blank.name, "promises the same thing twice", "对同一事项重复承诺")
        seen.add(key)


def _promised(blank: Blank, row: dict[str, Any], model: Model) -> None:
    """Refuse a promise that nothing can be held against."""
    indicator, value, field = Indicator(row["indicator"]), row["value"], row["field"]
    if not isinstance(value, str) or _DECIMAL.fullmatch(value) is None:
        raise TermsError(blank.name, f"{value!r} is not a decimal such as 0.995", "承诺值应为小数，例如0.995")
    if indicator.is_ratio and Decimal(value) > 1:
        raise TermsError(blank.name, "a share is at most 1", "比例不超过1")
    if not indicator.is_ratio and ("." in value or field is not None):
        raise TermsError(
            blank.name,
            f"{indicator} is a whole number about the whole file",
            "行数、列数为整数，且针对全部数据",
        )
    if field is not None:
        _text(blank, field, model)


def _tiers(blank: Blank, value: Any, _: Model) -> None:
    rows = _rows(blank, value, frozenset({"from", "amount"}))
    for row in rows:
        if any(type(row[name]) is not int or not 0 <= row[name] <= BOUND for name in row):
            raise TermsError(blank.name, "counts and amounts are whole numbers", "数量和单价（分）应为整数")
    starts = [row["from"] for row in rows]
    if starts and (starts[0] != 0 or starts != sorted(set(starts))):
        raise TermsError(
            blank.name, "the first tier begins at 0 and each begins higher", "首档自0起，各档起点递增"
        )


def _milestones(blank: Blank, value: Any, model: Model) -> None:
    rows = _rows(blank, value, frozenset({"label", "share", "days"}))
    for row in rows:
        _text(blank, row["label"], model)
        _share(blank, row["share"], model)
        if type(row["days"]) is not int or not 0 <= row["days"] <= 3650:
            raise TermsError(blank.name, "days are a whole number to 3650", "天数应为不超过3650的整数")
    if rows and sum(Decimal(row["share"]) for row in rows) != 1:
        raise TermsError(blank.name, "the shares add up to 1", "各期比例之和应为1")


def _organisations(blank: Blank, value: Any, model: Model) -> None:
    for row in _rows(blank, value, frozenset({"name", "credit_code"})):
        _text(blank, row["name"], model)
        try:
            same = parse_credit_code(row["credit_code"]) == row["credit_code"]
        except (ContractError, TypeError, AttributeError):
            same = False
        if not same:
            raise TermsError(blank.name, "a credit code is not valid", "统一社会信用代码不正确")


CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "choice": _choice,
        "choices": _choices,
        "text": _text,
        "whole": _whole,
        "days": _whole,
        "share": _share,
        "decimal": _decimal,
        "money": _money,
        "date": _date,
        "digest": _digest,
        "yes_no": _yes_no,
        "quality": _quality,
        "tiers": _tiers,
        "milestones": _milestones,
        "organisations": _organisations,
    }
)
"""What may stand in a blank, by its type."""
TABLES: Final = frozenset({"quality", "tiers", "milestones", "organisations"})
"""Types that are filled with rows."""
