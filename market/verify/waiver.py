"""The startup waiver (R4.18): nobody is spared a price except by it, as long as it lasts, and for own use alone.

The rule is written out here again, apart from the code that applied it. What the buyer's day of establishment and the
asset's origin are is the operator's word; here is held that what follows from them is what was done.
"""

from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, Final

from contracts.money import Money
from contracts.terms import AnyTerms, Terms
from market.rules import book
from market.verify.evidence import Evidence
from market.verify.line import Line
from market.verify.report import require

_CHINA: Final = timezone(timedelta(hours=8))
_RULE: Final = "R4.18"
_SINCE: Final = 4
"""The first rule book that knows it."""
_OTHERS: Final = frozenset({"sell", "distribute"})
_GRANTED: Final = ("use.recipients", "rights.sublicense", "rights.transferable")


def row_of(evidence: Evidence) -> dict[str, Any] | None:
    """Return the waiver's row as the trade's entries show it; None where there is none."""
    rows = evidence.own("waiver")
    return rows[0].row if rows else None


def term_of(evidence: Evidence, terms: AnyTerms, in_force: datetime) -> tuple[datetime, datetime]:
    """Return the term of a contract that comes into force: as signed, but not past the waiver's last day."""
    begins, ends = terms.term(in_force)
    row = row_of(evidence)
    return begins, ends if row is None else min(ends, _end(row))


def check(evidence: Evidence, line: Line) -> str | None:
    """Check the waiver of a trade; return what holds, None where there is none.

    Raises:
        CheckFailed: a waiver is claimed that no entry computes, is computed otherwise than the rule says, is over, or
            the contract lets the buyer do what goes with no waiver.
    """
    require(evidence.rows("waiver") == evidence.own("waiver"), "a waiver stands in a foreign entry")
    images = evidence.own("waiver")
    require(len(images) <= 1, "there is more than one waiver")
    for paper in line.papers:
        claimed = isinstance(paper.terms, Terms) and paper.terms.values.get("use.waiver") is True
        bound = paper.terms.rules_version >= _SINCE
        require(
            not bound or claimed == bool(images), f"the {paper.name} and its entries differ on the waiver"
        )
        if images:
            _check_own_use(paper.name, paper.terms)
    if not images:
        return None
    image, row = images[0], images[0].row
    require(image.entry.kind == "contract.requested", "the waiver was not computed with the request")
    require(row["contract_id"] == line.first.row["id"], "the waiver is of another contract")
    for side in ("provider_id", "buyer_id"):
        require(row[side] == line.first.row[side], "the waiver is of other parties")
    _check_days(row, image.entry.time)
    require(row["waived"] == row["listed"] > 0, "another amount is waived than was listed")
    require(bool(row["authority"] and row["authority_basis"]), "the waiver names no authority's data")
    for asset in evidence.rows("asset", id=line.first.row["asset_id"]):
        same = all(asset.row[name] == row[name] for name in ("authority", "authority_basis"))
        require(same, "the asset is registered as other data than the waiver says")
    finalized = [entry for _index, entry in evidence.trade() if entry.kind == "contract.finalized"]
    require(
        all(entry.time < _end(row) for entry in finalized), "the contract came into force after the waiver"
    )
    price = Money(row["waived"], row["currency"])
    return (
        f"{price.figures()} {price.currency} waived by {row['rule']} of rule book {row['rules']}: "
        f"the buyer established on {row['established_on']}, public data of {row['authority']}, "
        f"free until {row['last_day']}"
    )


def _check_days(row: dict[str, Any], asked_at: datetime) -> None:
    require(row["rule"] == _RULE and row["rules"] >= _SINCE, "the waiver rests on no rule")
    since, asked, last = (
        date.fromisoformat(row[name]) for name in ("established_on", "asked_on", "last_day")
    )
    year = since.year + book(row["rules"]).value("waiver.years")
    leapt = (since.month, since.day) == (2, 29) and not isleap(year)
    expected = date(year, 2, 28) if leapt else since.replace(year=year)
    require(last == expected, "the waiver's last day is another than the rule says")
    require(since <= asked <= last, "the contract was asked for outside of the waiver's time")
    require(asked == asked_at.astimezone(_CHINA).date(), "the contract was asked for on another day")


def _check_own_use(name: str, terms: AnyTerms) -> None:
    if not isinstance(terms, Terms):
        return
    values = terms.values
    own = not _OTHERS & set(values.get("use.permitted", ()))
    own = own and not any(values.get(blank) for blank in _GRANTED)
    require(own, f"the {name} lets others have what is free for own use alone")
    require(terms.price.amount == 0, f"the {name} has a price beside the waiver")


def _end(row: dict[str, Any]) -> datetime:
    day = date.fromisoformat(row["last_day"]) + timedelta(days=1)
    return datetime.combine(day, time(), _CHINA).astimezone(UTC)
