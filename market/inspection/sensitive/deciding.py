"""From the marks of a whole column to what it holds. Pure; all rules stand here.

Every rule weighs chance against the class:

* Identity number. One serial in eleven passes its check symbol by chance, so ``v`` right ones among ``h`` of
  the form speak for identity numbers when 0.97^v 0.03^(h-v) beats (1/11)^v (10/11)^(h-v), or when the right
  ones are far more than chance gives (six standard deviations). Cells that are such a number and cells of
  text that hold one are weighed apart: one identity number in a column of free text is a finding, a column
  of dated serials is none. A real number hidden among serials of the same form cannot be told from chance.
* Card. One number in ten passes Luhn's rule, so the same is asked with 1/10, and most cells must be cards,
  or the column's name or the words beside the number must speak of cards. Identity numbers are never cards.
* All others have no check symbol: most cells must have the form, or fewer where the column's name says so;
  a name that speaks for a common mistake asks for more.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from market.inspection.sensitive.classes import Sensitive
from market.inspection.sensitive.hints import hinted, hinted_otherwise

Counts = Mapping[str, int]

_MOST = 0.5
_HINTED = 0.2
_MANY_PREFIXES = 5
_ENOUGH = 30
_DIFFERENT_NAMES = 15


@dataclass(frozen=True)
class Decision:
    """What a column holds.

    Attributes:
        kind: the class.
        hits: cells that bear its form.
        valid: those whose check symbol is right; 0 for classes without one.
        basis: why: ``checksum``, ``pattern``, ``header``, ``text`` (inside other text), ``context`` (words beside).
        marks: the marks whose cells are examples.
    """

    kind: Sensitive
    hits: int
    valid: int
    basis: tuple[str, ...]
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """What is known of a column: its name, filled cells, marks, mobile prefixes and different names."""

    name: str
    filled: int
    counts: Counts
    prefixes: int
    different: int

    def of(self, mark: str) -> int:
        """Return how many cells bear a mark."""
        return self.counts.get(mark, 0)

    def share(self, *marks: str) -> float:
        """Return the share of filled cells that bear marks."""
        return sum(self.of(mark) for mark in marks) / self.filled if self.filled else 0.0


def decide(column: Column) -> Decision | None:
    """Return what a column holds, the gravest class first; None when nothing sensitive was found."""
    for rule in (
        _resident, _card, _mobile, _credit, _email, _permit, _landline, _network, _plate, _place, _address, _name,
    ):  # fmt: skip
        found = rule(column)
        if found is not None:
            return found
    return None


def beats_chance(valid: int, hits: int, ways: int) -> bool:
    """Tell whether right check symbols are too many for chance (one in so many ways).

    Args:
        valid: numbers with a right check symbol.
        hits: numbers of the form.
        ways: how many check symbols there are.
    """
    if not valid:
        return False
    likely = valid * math.log(0.97 * ways) + (hits - valid) * math.log(0.03 * ways / (ways - 1))
    spread = math.sqrt(hits * (ways - 1)) / ways
    return likely > 0 or (valid >= 10 and (valid - hits / ways) / spread >= 6)


def _resident(column: Column) -> Decision | None:
    header = hinted(column.name, Sensitive.RESIDENT_ID)
    whole, right = column.of("id.whole"), column.of("id.whole.valid")
    inside, right_inside = column.of("id.text"), column.of("id.text.valid")
    of_cells = beats_chance(right, whole, 11) and (header or _stands_out(column, "whole"))
    of_text = beats_chance(right_inside, inside, 11) and _stands_out(column, "text")
    old = column.share("id15.whole")
    named = header and column.share("id.whole", "id15.whole") >= _HINTED
    if not (of_cells or of_text or named or old >= 0.8):
        return None
    basis = ["checksum"] if right or right_inside else []
    basis += ["pattern", *(["header"] if header else []), *(["text"] if of_text and not of_cells else [])]
    hits = whole + inside + (column.of("id15.whole") if named or old >= 0.8 else 0)
    marks = ("id.whole.valid", "id.text.valid") if right or right_inside else ("id.whole", "id15.whole")
    return Decision(Sensitive.RESIDENT_ID, hits, right + right_inside, tuple(basis), marks)


def _stands_out(column: Column, where: str) -> bool:
    """Tell whether identity numbers are more than the accidents of many numbers of 18 figures.

    One random number of 18 figures in about six thousand has a province and a date at the right places.
    """
    all_of_length = column.of(f"eighteen.{where}")
    return all_of_length <= 50 or column.of(f"id.{where}") > 0.01 * all_of_length


def _card(column: Column) -> Decision | None:
    header = hinted(column.name, Sensitive.BANK_CARD)
    other = hinted_otherwise(column.name, Sensitive.BANK_CARD)
    whole, right = column.of("card.whole"), column.of("card.whole.valid")
    near, right_near = column.of("card.near"), column.of("card.near.valid")
    enough = right >= (0.1 if header else _MOST) * column.filled and (header or right >= 3)
    of_cells = enough and beats_chance(right, whole, 10) and not (other and right < 0.95 * column.filled)
    of_text = beats_chance(right_near, near, 10)
    if not (of_cells or of_text):
        return None
    basis = ("checksum", "pattern", *(("header",) if header else ()), *(("context",) if of_text else ()))
    hits = (whole if of_cells else 0) + (near if of_text else 0)
    valid = (right if of_cells else 0) + (right_near if of_text else 0)
    marks = ("card.whole.valid",) * of_cells + ("card.near.valid",) * of_text
    return Decision(Sensitive.BANK_CARD, hits, valid, basis, marks)


def _mobile(column: Column) -> Decision | None:
    header = hinted(column.name, Sensitive.MOBILE)
    other = hinted_otherwise(column.name, Sensitive.MOBILE)
    whole, inside, near = column.of("mobile.whole"), column.of("mobile.text"), column.of("mobile.near")
    varied = whole < _ENOUGH or column.prefixes.bit_count() >= _MANY_PREFIXES
    share = whole / column.filled
    of_cells = share >= _HINTED if header else share >= (0.95 if other else _MOST) and varied and whole >= 2
    most = inside >= 3 and inside >= 0.6 * column.of("eleven.text")
    of_text = (near >= 1 or most) and not other
    if not (of_cells or of_text):
        return None
    basis = ("pattern", *(("header",) if header else ()), *(("context",) if near else ()))
    hits = (whole if of_cells else 0) + (inside if of_text else 0)
    marks = ("mobile.whole",) * of_cells + ("mobile.text" if most else "mobile.near",) * of_text
    return Decision(Sensitive.MOBILE, hits, 0, basis, marks)


def _credit(column: Column) -> Decision | None:
    header = hinted(column.name, Sensitive.CREDIT_CODE)
    hits = column.of("credit.whole") + column.of("credit.text")
    valid = column.of("credit.whole.valid") + column.of("credit.text.valid")
    if not beats_chance(valid, hits, 31) and not (header and hits >= _HINTED * column.filled):
        return None
    if not column.of("credit.text.valid") and hits < 0.05 * column.filled and not header:
        return None  # a few figures among many serials
    basis = ("checksum", "pattern", *(("header",) if header else ()))
    return Decision(Sensitive.CREDIT_CODE, hits, valid, basis, ("credit.whole.valid", "credit.text.valid"))


def _email(column: Column) -> Decision | None:
    hits = column.of("email")
    return _by_form(column, Sensitive.EMAIL, hits, ("email",)) if hits else None


def _permit(column: Column) -> Decision | None:
    for kind in (Sensitive.PASSPORT, Sensitive.PERMIT):
        hits = column.of(kind)
        if hinted(column.name, kind) and hits >= _HINTED * column.filled:
            return _by_form(column, kind, hits, (str(kind),))
    return None


def _landline(column: Column) -> Decision | None:
    header = hinted(column.name, Sensitive.LANDLINE)
    hits = column.of("landline") + (column.of("landline.bare") if header else 0)
    if hits < (_HINTED if header else _MOST) * column.filled or not hits:
        return None
    return _by_form(column, Sensitive.LANDLINE, hits, ("landline", "landline.bare"))


def _network(column: Column) -> Decision | None:
    if column.share("mac") >= _MOST:
        return _by_form(column, Sensitive.MAC, column.of("mac"), ("mac",))
    header = hinted(column.name, Sensitive.IP)
    hits, high = column.of("ip"), column.of("ip.high")
    if not hits or hinted_otherwise(column.name, Sensitive.IP):
        return None
    # versions look like addresses, but their parts are small
    if hits >= (_HINTED if header else _MOST) * column.filled and (header or high >= _MOST * hits):
        return _by_form(column, Sensitive.IP, hits, ("ip",))
    return None


def _plate(column: Column) -> Decision | None:
    hits = column.of("plate")
    least = _HINTED if hinted(column.name, Sensitive.PLATE) else _MOST
    return (
        _by_form(column, Sensitive.PLATE, hits, ("plate",))
        if hits and hits >= least * column.filled
        else None
    )


def _place(column: Column) -> Decision | None:
    points, degrees = column.of("point"), column.of("degrees")
    if (
        points
        and points >= _MOST * column.filled
        and not hinted_otherwise(column.name, Sensitive.COORDINATES)
    ):
        return _by_form(column, Sensitive.COORDINATES, points, ("point",))
    if degrees and degrees >= _MOST * column.filled:
        return _by_form(column, Sensitive.COORDINATES, degrees, ("degrees",))
    return None


def _address(column: Column) -> Decision | None:
    header = hinted(column.name, Sensitive.ADDRESS)
    full, place = column.of("address"), column.of("place")
    if full and full >= (_HINTED if header else 0.3) * column.filled:
        return _by_form(column, Sensitive.ADDRESS, full, ("address",))
    if header and place >= _MOST * column.filled:
        return _by_form(column, Sensitive.ADDRESS, place, ("place",))
    return None


def _name(column: Column) -> Decision | None:
    header = hinted(column.name, Sensitive.NAME)
    han, common = column.of("han"), column.of("name.common")
    known = common + column.of("name.rare")
    hits = known
    if not hits or hinted_otherwise(column.name, Sensitive.NAME):
        return None
    if header:
        return (
            _by_form(column, Sensitive.NAME, hits, ("name.common",)) if hits >= 0.3 * column.filled else None
        )
    if han < 0.9 * column.filled or column.different < _DIFFERENT_NAMES:
        return None
    if known >= 0.9 * han and common >= 0.7 * han:
        return _by_form(column, Sensitive.NAME, hits, ("name.common",))
    return None


def _by_form(column: Column, kind: Sensitive, hits: int, marks: tuple[str, ...]) -> Decision:
    basis = ("pattern", "header") if hinted(column.name, kind) else ("pattern",)
    return Decision(kind, hits, 0, basis, marks)
