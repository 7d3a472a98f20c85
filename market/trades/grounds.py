"""On what grounds a signed text lets a party end an agreement, or the provider suspend it: pure, read off the terms.

The exchange gives nobody a right that the contract does not. Where the article ``term`` or ``change`` of a model text
names a ground, it stands here with the side that has it and the blank that holds its days. The one addition is the
buyer's notice: whoever has paid, or pays nothing, may give up the rest of its term, and nothing is paid back for it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from contracts.terms import AnyTerms, Terms
from market.i18n import lazy
from market.permissions import Relation


class Ground(StrEnum):
    """Why an agreement is ended."""

    NOTICE = "notice"
    """No reason is needed; the days of notice run first."""
    BREACH = "breach"
    """The other side is told to mend a breach, and has some days for it."""
    GRAVE = "grave"
    """A breach that cannot be mended, defeats the purpose, or is deliberate use beyond what was permitted."""
    HINDRANCE = "hindrance"
    """Force majeure, or a suspension by the exchange, lasts longer than was agreed."""
    LAW = "law"
    """A change of law or a demand of an authority, after which no amendment was agreed."""
    NEED = "need"
    """The legal basis or the matter for which data were shared no longer exists."""


class Cause(StrEnum):
    """Why the provider suspends the use of the data; the suspension ends with its cause."""

    MISUSE = "misuse"
    INCIDENT = "incident"


_BOTH = frozenset({Relation.PROVIDER, Relation.BUYER})
_PROVIDER, _BUYER = frozenset({Relation.PROVIDER}), frozenset({Relation.BUYER})

ENDS: Mapping[str, Mapping[Ground, frozenset[Relation]]] = {
    "data-provision": {
        Ground.NOTICE: _BUYER,
        Ground.BREACH: _BOTH,
        Ground.GRAVE: _BOTH,
        Ground.HINDRANCE: _BOTH,
        Ground.LAW: _BOTH,
    },
    "data-sharing": {Ground.NOTICE: _BUYER, Ground.BREACH: _BOTH, Ground.NEED: _BUYER},
    "open-licence": {Ground.BREACH: _PROVIDER, Ground.LAW: _PROVIDER},
}
"""Model text: which grounds its articles name, and whose they are. Other texts name none that is acted upon here."""

SUSPENDS = frozenset({"data-provision", "data-sharing"})
"""Model texts whose article on change lets the provider suspend the use."""

_DAYS = {Ground.NOTICE: "term.notice_days", Ground.BREACH: "term.cure_days"}
"""The blank with the days that run before a notice is effective; the other grounds end the agreement at once."""


LABELS: Mapping[Ground, Any] = {
    Ground.NOTICE: lazy("Without a reason, with notice; nothing that was paid is paid back"),
    Ground.BREACH: lazy("A breach that the other side does not mend in time"),
    Ground.GRAVE: lazy("A breach that cannot be mended, defeats the purpose, or is deliberate misuse"),
    Ground.HINDRANCE: lazy("Force majeure or a suspension lasts longer than agreed"),
    Ground.LAW: lazy("A change of law or a demand of an authority, and no amendment was agreed"),
    Ground.NEED: lazy("The legal basis or the matter no longer exists"),
}
"""The reader's words for each ground."""

CAUSES: Mapping[Cause, Any] = {
    Cause.MISUSE: lazy("Evidence of use beyond what was agreed"),
    Cause.INCIDENT: lazy("A security incident that further use may make worse"),
}
"""The reader's words for each cause of a suspension."""


def ends(terms: AnyTerms, side: Relation) -> dict[Ground, int]:
    """Return the grounds on which a side may end the agreement, each with the days that run before it ends.

    A ground whose days the terms do not hold is not there.
    """
    found: dict[Ground, int] = {}
    if not isinstance(terms, Terms):
        return found
    for ground, sides in ENDS.get(_name(terms), {}).items():
        days = terms.values.get(_DAYS[ground]) if ground in _DAYS else 0
        if side in sides and type(days) is int:
            found[ground] = days
    return found


def suspends(terms: AnyTerms) -> bool:
    """Tell whether the provider may suspend the use while a cause lasts."""
    return isinstance(terms, Terms) and _name(terms) in SUSPENDS


def deletion(terms: AnyTerms) -> tuple[int, bool] | None:
    """Return the days to delete the data after the end and whether that is certified; None where nothing is owed."""
    if not isinstance(terms, Terms) or terms.values.get("term.deletion") is not True:
        return None
    days = terms.values.get("term.deletion_days")
    return (days, terms.values.get("term.certificate") is True) if type(days) is int else None


def _name(terms: Terms) -> str:
    return terms.model.partition("/")[0]
