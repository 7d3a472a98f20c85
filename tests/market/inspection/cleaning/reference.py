"""The obvious way to follow a recipe: one cell at a time, in plain Python."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from market.inspection.cleaning.recipe import (
    Cast,
    Dates,
    DropColumns,
    DropDuplicates,
    DropRows,
    Empty,
    Invisible,
    Kind,
    Mask,
    Operation,
    Otherwise,
    Recipe,
    Rename,
    Trim,
    Width,
)
from market.inspection.sensitive.classes import Sensitive
from market.inspection.sensitive.masking import mask

Cell = str | None
Row = dict[str, Cell]
Counts = dict[str, int]

BLANKS = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


class Stopped(Exception):
    """A cast met a cell that it must not meet."""


def clean(rows: list[Row], recipe: Recipe) -> tuple[list[Row], list[Counts]]:
    """Return what becomes of rows, and what each operation counted."""
    changes = []
    for operation in recipe.operations:
        counts = dict.fromkeys(("cells", "unread", "rows", "columns"), 0)
        rows = follow(rows, operation, counts)
        changes.append(counts)
    return rows, changes


def follow(rows: list[Row], operation: Operation, counts: Counts) -> list[Row]:
    match operation:
        case DropColumns(columns=names):
            counts["columns"] = len(names)
            return [{name: cell for name, cell in row.items() if name not in names} for row in rows]
        case Rename(column=old, name=new):
            counts["columns"] = 1
            return [{new if name == old else name: cell for name, cell in row.items()} for row in rows]
        case DropRows(columns=names):
            kept = [row for row in rows if all(row[name] for name in names)]
        case DropDuplicates():
            kept = []
            for row in rows:
                if row not in kept:
                    kept.append(row)
        case _:
            kept = [done for row in rows if (done := written(row, operation, counts)) is not None]
    counts["rows"] = len(rows) - len(kept)
    return kept


def written(row: Row, operation: Operation, counts: Counts) -> Row | None:
    """Return a row with its cells written anew, None when it is dropped."""
    done = dict(row)
    for name in of_columns(operation) or row:
        cell = row[name]
        if cell is None:
            continue
        new = one(cell, operation)
        if new is None:
            counts["unread"] += 1
            otherwise = operation.otherwise if isinstance(operation, Dates | Cast) else Otherwise.KEEP
            if otherwise is Otherwise.STOP:
                raise Stopped
            if otherwise is Otherwise.DROP:
                return None
            new = cell if otherwise is Otherwise.KEEP else ""
        done[name] = new or None
        counts["cells"] += done[name] != cell
    return done


def of_columns(operation: Operation) -> tuple[str, ...] | None:
    column: str | None = getattr(operation, "column", None)
    if column is not None:
        return (column,)
    columns: tuple[str, ...] | None = getattr(operation, "columns", None)
    return columns


def one(cell: str, operation: Operation) -> str | None:
    """Return a cell written anew; empty text empties it, None says that it could not be read."""
    match operation:
        case Trim():
            return cell.strip(BLANKS)
        case Width():
            return "".join(" " if sign == "\u3000" else half(sign) for sign in cell)
        case Invisible():
            return "".join(sign for sign in cell if not unseen(ord(sign)))
        case Empty(words=words):
            return "" if cell in words else cell
        case Mask(kind=Sensitive() as kind):
            return mask(cell, kind)
        case Mask(first=first, last=last):
            middle = len(cell) - first - last
            return "*" * len(cell) if middle <= 0 else cell[:first] + "*" * middle + cell[len(cell) - last :]
        case Dates(patterns=patterns):
            iso = ("YYYY-MM-DD", "YYYY-MM-DD hh:mm:ss", "YYYY-MM-DDThh:mm:ss")
            return next((found for one in (*iso, *patterns) if (found := as_date(cell, one))), None)
        case Cast():
            return CASTS[operation.type](cell, operation)
    raise AssertionError(operation)


def half(sign: str) -> str:
    return chr(ord(sign) - 0xFEE0) if 0xFF01 <= ord(sign) <= 0xFF5E else sign


def unseen(code: int) -> bool:
    return (
        1 <= code <= 8 or code in {11, 12} or 14 <= code <= 31 or 127 <= code <= 159 or code == 0xAD
        or 0x200B <= code <= 0x200F or 0x202A <= code <= 0x202E or 0x2060 <= code <= 0x2064
        or 0x2066 <= code <= 0x2069 or code == 0xFEFF
    )  # fmt: skip


def as_date(cell: str, pattern: str) -> str | None:
    """Read a date by taking the pattern apart from the left, trying two figures before one."""
    parts = read(cell, pattern)
    if parts is None or parts["YYYY"] < 1000:
        return None
    try:
        day = date(parts["YYYY"], parts["M"], parts["D"])
    except ValueError:
        return None
    if "hh" not in parts:
        return day.isoformat()
    hour, minute, second = parts["hh"], parts["mm"], parts.get("ss", 0)
    return f"{day} {hour:02}:{minute:02}:{second:02}" if hour < 24 and minute < 60 and second < 60 else None


def read(cell: str, pattern: str) -> dict[str, int] | None:
    if not pattern:
        return None if cell else {}
    token = next(
        (part for part in ("YYYY", "MM", "M", "DD", "D", "hh", "mm", "ss") if pattern.startswith(part)), None
    )
    if token is None:
        return read(cell[1:], pattern[1:]) if cell[:1] == pattern[0] else None
    for width in (2, 1) if token in {"M", "D"} else (len(token),):
        figures = cell[:width]
        if len(figures) == width and re.fullmatch("[0-9]+", figures):
            rest = read(cell[width:], pattern[len(token) :])
            if rest is not None:
                return rest | {token[0] if token[0] in "MD" else token: int(figures)}
    return None


def number(cell: str) -> Decimal | None:
    digits = cell[1:] if cell[:1] in {"+", "-"} else cell
    whole, point, fraction = digits.partition(".")
    groups = whole.split(",")
    grouped = len(groups) > 1 and 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])
    if len(groups) > 1 and not grouped:
        return None
    plain = "".join(groups)
    if not re.fullmatch("[0-9]+", plain) or not re.fullmatch("[0-9]*", fraction) or "," in fraction:
        return None
    return Decimal(("-" if cell[0] == "-" else "") + plain + point + fraction)


def as_integer(cell: str, _how: Cast) -> str | None:
    found = number(cell)
    if found is None or found != int(found) or not -(2**63) <= found < 2**63:
        return None
    return str(int(found))


def as_decimal(cell: str, how: Cast) -> str | None:
    found = number(cell)
    if found is None:
        return None
    sign, digits, exponent = found.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rjust(-exponent + 1, "0")
    whole, fraction = text[: len(text) + exponent], text[len(text) + exponent :].rstrip("0")
    whole = whole.lstrip("0") or "0"
    if len(fraction) > how.places or len(whole) > 38 - how.places:
        return None
    plain = f"{whole}.{fraction}".rstrip(".")
    return plain if plain == "0" or not sign else f"-{plain}"


def as_boolean(cell: str, how: Cast) -> str | None:
    if cell in {*how.yes, "true"}:
        return "true"
    return "false" if cell in {*how.no, "false"} else None


def as_day(cell: str, _how: Cast) -> str | None:
    return as_date(cell, "YYYY-M-D") or as_date(cell, "YYYY/M/D")


def as_moment(cell: str, how: Cast) -> str | None:
    zone = "Z" if how.type is Kind.INSTANT else ""
    if cell.endswith("Z") != bool(zone):
        return None
    plain, point, fraction = cell.removesuffix("Z").partition(".")
    if point and not re.fullmatch("[0-9]{1,6}", fraction):
        return None
    found = as_date(plain, "YYYY-M-D hh:mm:ss") or as_date(plain, "YYYY-M-DThh:mm:ss")
    return (
        found and f"{found}.{fraction}".rstrip("0").rstrip(".") + zone
        if fraction.strip("0")
        else found and found + zone
    )


CASTS: dict[Kind, Callable[[str, Cast], str | None]] = {
    Kind.INTEGER: as_integer, Kind.DECIMAL: as_decimal, Kind.BOOLEAN: as_boolean,
    Kind.DATE: as_day, Kind.TIMESTAMP: as_moment, Kind.INSTANT: as_moment,
}  # fmt: skip


def as_csv(names: list[str], rows: list[Row]) -> bytes:
    """Write rows by the rule of the output."""
    lines = [names, *([row[name] or "" for name in names] for row in rows)]
    return "".join(",".join(quoted(cell, len(names)) for cell in line) + "\n" for line in lines).encode()


def quoted(cell: str, columns: int) -> str:
    if re.search('[,"\r\n]', cell) or (not cell and columns == 1):
        return '"' + cell.replace('"', '""') + '"'
    return cell
