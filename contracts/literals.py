"""The right-hand sides of a policy's constraints: names, texts, whole numbers, days and moments.

A number is never written as a JSON number, since the Dataspace Protocol's schemas refuse one; it is a typed literal.
A date says in which time zone it is a day, else two readers would disagree about when it ends.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from contracts.errors import PolicyError

NAMESPACES: Final = {
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "cn": "urn:qilu:policy:2#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""What the prefixes of a policy stand for, always."""

_DAYS: Final = re.compile(r"P([1-9][0-9]{0,5})D")
_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,14}")
_ZONE: Final = r"(Z|[+-][0-9]{2}:[0-9]{2})"
_DATE: Final = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}){_ZONE}")
_MOMENT: Final = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}(:[0-9]{{2}}){{2}}(\.[0-9]{{1,6}})?{_ZONE}"
)


@dataclass(frozen=True, slots=True)
class Named:
    """A name (IRI), with the reading an organisation's code may carry beside it."""

    iri: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """A moment, or a whole day: from ``start`` to before ``end``; both are UTC and equal for a moment."""

    start: datetime
    end: datetime


Value = Named | Span | str | int


def short(iri: str) -> str:
    """Return a name with its prefix, ``odrl:reproduce``, for the whole IRI; others stay as they are."""
    for prefix, space in NAMESPACES.items():
        if iri.startswith(space):
            return f"{prefix}:{iri.removeprefix(space)}"
    return iri


def typed(value: str, kind: str) -> dict[str, str]:
    """Return a typed literal of XML Schema, such as ``typed("P30D", "duration")``."""
    return {"@value": value, "@type": f"xsd:{kind}"}


def _lexical(value: Any, kinds: set[str]) -> tuple[str, str]:
    if not isinstance(value, dict) or set(value) != {"@value", "@type"}:
        raise PolicyError(f"the policy holds {value!r}, where a typed literal belongs")
    kind = short(str(value["@type"])).removeprefix("xsd:")
    if kind not in kinds or not isinstance(value["@value"], str):
        raise PolicyError(f"the policy holds {value!r}, where a literal of {', '.join(kinds)} belongs")
    return kind, value["@value"]


def _matched(form: re.Pattern[str], text: str) -> re.Match[str]:
    found = form.fullmatch(text)
    if found is None:
        raise PolicyError(f"the policy holds {text!r}, which is not in the one form of such a value")
    return found


def _named(value: Any) -> Named:
    label = ""
    if isinstance(value, dict):
        if not {"@id"} <= set(value) <= {"@id", "cn:name"}:
            raise PolicyError(f"the policy holds {value!r}, where a name belongs")
        label, value = value.get("cn:name", ""), value["@id"]
    if not isinstance(value, str) or ":" not in value or not isinstance(label, str):
        raise PolicyError(f"the policy holds {value!r}, where a name belongs")
    return Named(short(value), label)


def _text(value: Any) -> str:
    if isinstance(value, dict) and set(value) == {"@value"}:
        value = value["@value"]
    if not isinstance(value, str) or not value:
        raise PolicyError(f"the policy holds {value!r}, where text belongs")
    return value


def _whole(value: Any) -> int:
    _, text = _lexical(value, {"integer"})
    return int(_matched(_WHOLE, text)[0])


def _days(value: Any) -> int:
    _, text = _lexical(value, {"duration"})
    return int(_matched(_DAYS, text)[1])


def _moment(value: Any) -> Span:
    kind, text = _lexical(value, {"date", "dateTime"})
    if kind == "dateTime":
        at = _aware(_matched(_MOMENT, text)[0])
        return Span(at, at)
    found = _matched(_DATE, text)
    start = _aware(f"{found[1]}T00:00:00{found[2]}")
    return Span(start, start + timedelta(days=1))


def _aware(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


READERS: Final[dict[str, Callable[[Any], Value]]] = {
    "iri": _named,
    "text": _text,
    "whole": _whole,
    "days": _days,
    "moment": _moment,
}
"""How each kind of right operand is read; each raises PolicyError for anything else."""
