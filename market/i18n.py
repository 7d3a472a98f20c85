"""Words and figures in the reader's language: English in the source, Chinese beside it.

Who reads which language: ``?lang=`` (kept in a cookie), else that cookie, else ``Accept-Language``,
else the setting ``LOCALE``. Times are shown in China Standard Time with the offset written out, since
the contracts name it; the database and the API keep UTC.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final

import flask_babel
from flask import Flask, Response, current_app, g, has_app_context, has_request_context, request
from flask_babel import Babel, LazyString

from contracts.money import Money
from market import clock

LOCALES: Final = {"zh": "中文", "en": "English"}
"""Languages of the pages, each by its own name."""

COOKIE: Final = "qilu_lang"
CHINA: Final = timezone(timedelta(hours=8), "UTC+8")
_YEAR: Final = 365 * 24 * 3600
_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB")


def gettext(message: str, **variables: object) -> str:
    """Translate an English sentence; outside an application it stays English.

    Args:
        message: the English text with ``%(name)s`` blanks.
        variables: what fills the blanks.
    """
    if not has_app_context():
        return message % variables if variables else message
    return str(flask_babel.gettext(message, **variables))


_ = gettext


def lazy(message: str, **variables: object) -> LazyString:
    """Mark an English sentence that is translated when it is shown, for tables of labels.

    Args:
        message: the English text with ``%(name)s`` blanks.
        variables: what fills the blanks.
    """
    return LazyString(gettext, message, **variables)


def both(message: object) -> dict[str, str]:
    """Return a lazy sentence in every language of the pages, by its code; for documents that carry them all."""
    found = {}
    for code in LOCALES:
        with flask_babel.force_locale(code):
            found[code] = str(message)
    return found


def language() -> str:
    """Return the language of this request, or of the setting ``LOCALE`` outside one."""
    if not has_app_context():
        return "en"
    if not has_request_context():
        return _default()
    for chosen in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if chosen in LOCALES:
            return chosen
    return request.accept_languages.best_match(list(LOCALES)) or _default()


def init_app(app: Flask, default: str) -> None:
    """Give an application its languages, the template filters and the language cookie.

    Args:
        app: the application.
        default: language where the reader names none.
    """
    app.config["BABEL_DEFAULT_LOCALE"] = default if default in LOCALES else "zh"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, locale_selector=language)
    app.jinja_env.filters.update(
        capitals=capitals,
        day=day,
        left=left,
        moment=moment,
        money=money,
        percent=percent,
        short=short,
        size=size,
        whole=whole,
    )
    app.jinja_env.globals.update(language=language, locales=LOCALES, in_language=in_language)
    app.after_request(_remember)


def money(value: Money | int, currency: str = "CNY") -> str:
    """Write an amount for the reader: ``¥1,234.50``, or ``USD 1,234.50`` for another currency.

    Args:
        value: a money value, or minor units of ``currency``; of a balance they may be negative (``−¥1.00``).
        currency: ISO 4217 code, used when ``value`` is an integer.
    """
    if isinstance(value, int) and value < 0:
        return f"\N{MINUS SIGN}{money(-value, currency)}"
    amount = value if isinstance(value, Money) else Money(value, currency)
    sign = "¥" if amount.currency == "CNY" else f"{amount.currency} "
    return f"{sign}{amount.grouped()}"


def capitals(value: Money | int) -> str:
    """Write a CNY amount in 大写, as contracts and receipts must carry it (minor units when an integer)."""
    return (value if isinstance(value, Money) else Money(value)).in_words()


def day(value: datetime) -> str:
    """Write the date as 年-月-日 (``2026-11-22``) in China Standard Time."""
    return value.astimezone(CHINA).strftime("%Y-%m-%d")


def moment(value: datetime) -> str:
    """Write date and time with the offset: ``2026-11-22 19:00:05 UTC+8``."""
    return value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S UTC+8")


def left(value: datetime) -> str:
    """Say how long it is until a moment, in the largest unit of which one or more are left."""
    minutes = int((value - clock.now()).total_seconds()) // 60
    if minutes < 0:
        return gettext("the time is over")
    if minutes < 60:
        return gettext("%(count)s min left", count=minutes)
    if minutes < 48 * 60:
        return gettext("%(count)s h left", count=minutes // 60)
    return gettext("%(count)s days left", count=minutes // (24 * 60))


def size(octets: int) -> str:
    """Write a number of bytes in binary units: ``1.4 MiB``."""
    figure = float(octets)
    for unit in _UNITS:
        if figure < 1024 or unit == _UNITS[-1]:
            return f"{figure:.0f} {unit}" if unit == "B" else f"{figure:.1f} {unit}"
        figure /= 1024
    raise AssertionError("unreachable: the last unit always returns")


def whole(value: int) -> str:
    """Write an integer with thousands separators."""
    return f"{value:,}"


def percent(part: int, all: int) -> str:
    """Write a share in per cent with at most one digit, rounded down (``99.9%``); a dash for a share of nothing."""
    if not all:
        return "—"
    tenths = part * 1000 // all
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}%"


def short(digest: str) -> str:
    """Shorten a digest for a table; the whole stands in the element's title."""
    return f"{digest[:10]}…" if len(digest) > 12 else digest


def in_language(texts: Mapping[str, str]) -> str:
    """Pick the reader's language out of texts kept by language code, English as the last resort."""
    return texts.get(language()) or texts.get("zh") or texts.get("en") or ""


def _default() -> str:
    chosen = str(current_app.config["BABEL_DEFAULT_LOCALE"])
    return chosen


def _remember(response: Response) -> Response:
    """Keep the language that the reader asked for by ``?lang=``."""
    chosen = request.args.get("lang")
    if chosen in LOCALES and chosen != request.cookies.get(COOKIE):
        response.set_cookie(COOKIE, chosen, max_age=_YEAR, samesite="Lax", secure=g.get("https", False))
    return response
