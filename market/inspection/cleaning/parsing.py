"""Reading a recipe from JSON that a stranger wrote: bounded, strict, every fault named by its path."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from market.i18n import _
from market.inspection.cleaning import patterns
from market.inspection.cleaning.recipe import (
    CSV,
    OUTPUTS,
    VERSION,
    Cast,
    Dates,
    DropColumns,
    DropDuplicates,
    DropRows,
    Empty,
    Invisible,
    Kind,
    Mask,
    Names,
    Operation,
    Otherwise,
    Recipe,
    Rename,
    Trim,
    Width,
)
from market.inspection.sensitive.classes import Sensitive

Word = TypeVar("Word", bound=str)

SIZE = 256 * 1024
"""Longest recipe, in bytes of UTF-8."""
OPERATIONS = 200
COLUMNS = 1000
NAME = 200
"""Longest name of a column, in characters."""
WORDS = 200
WORD = 200
PATTERNS = 20
PATTERN = 40
PLACES = 18
KEPT = 50
"""Most characters that a mask keeps at either end."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a recipe.

    Attributes:
        path: where, for example ``operations.2.columns``; empty for the whole.
        message: what to do about it, in the reader's language.
    """

    path: str
    message: str


class RecipeError(Exception):
    """The recipe cannot be followed.

    Args:
        faults: every one that was found, at least one.
    """

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.path or 'recipe'}: {fault.message}" for fault in faults))
        self.faults = faults


def parse(text: str) -> Recipe:
    """Read a recipe.

    Args:
        text: JSON as :mod:`market.inspection.cleaning.recipe` describes it; what has a default may be absent.

    Raises:
        RecipeError: it is no recipe; every faulty operation is named.
    """
    faults: list[Fault] = []
    found = _document(text)
    try:
        whole = _Members("", found)
        if whole.take("version") != VERSION:
            whole.fail("version", _("Write 1: no other version is known."))
        output = whole.choice("output", OUTPUTS, CSV)
        listed = whole.array("operations", OPERATIONS)
        whole.close()
    except _Found as fault:
        raise RecipeError([fault.fault]) from None
    operations = []
    for place, one in enumerate(listed):
        try:
            operations.append(_operation(f"operations.{place}", one))
        except _Found as fault:
            faults.append(fault.fault)
    if faults:
        raise RecipeError(faults)
    return Recipe(tuple(operations), output)


def _document(text: str) -> Any:
    if len(text.encode("utf-8", "surrogatepass")) > SIZE:
        raise RecipeError([Fault("", _("The recipe is too long; at most 256 KiB are read."))])
    try:
        return json.loads(text, object_pairs_hook=_members_once)
    except (ValueError, RecursionError):
        raise RecipeError([Fault("", _("This is no JSON, or a member stands in it twice."))]) from None


def _members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _operation(path: str, found: Any) -> Operation:
    members = _Members(path, found)
    name = members.take("operation")
    if name == "hash":
        members.fail(
            "operation",
            _(
                "A hash still tells equal people from different ones and can be guessed; mask or drop the column."
            ),
        )
    read = _READERS.get(name) if isinstance(name, str) else None
    if read is None:
        members.fail("operation", _("Choose one of %(names)s.") % {"names": ", ".join(_READERS)})
    operation = read(members)
    members.close()
    return operation


class _Found(Exception):
    """A fault, on its way to the list."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.path)
        self.fault = fault


class _Members:
    """The members of one JSON object, taken out one by one so that a strange one is noticed."""

    def __init__(self, path: str, found: Any) -> None:
        self._path = path
        if not isinstance(found, dict):
            raise _Found(Fault(path, _("Write a JSON object here.")))
        self._left = dict(found)

    def fail(self, name: str, message: str) -> NoReturn:
        raise _Found(Fault(f"{self._path}.{name}".lstrip("."), message))

    def close(self) -> None:
        for name in self._left:
            self.fail(name[:NAME], _("There is no such member; take it out."))

    def has(self, name: str) -> bool:
        return name in self._left

    def take(self, name: str, default: Any = None) -> Any:
        return self._left.pop(name, default)

    def array(self, name: str, most: int, default: Any = None) -> list[Any]:
        found = self.take(name, default)
        if not isinstance(found, list) or len(found) > most:
            self.fail(name, _("Write a list of at most %(most)s.") % {"most": most})
        return found

    def choice(self, name: str, among: tuple[Word, ...], default: Word | None = None) -> Word:
        found = self.take(name, default)
        for one in among:
            if found == one:
                return one
        self.fail(name, _("Choose one of %(names)s.") % {"names": ", ".join(map(str, among))})

    def number(self, name: str, most: int) -> int:
        found = self.take(name, 0)
        if type(found) is not int or not 0 <= found <= most:
            self.fail(name, _("Write a whole number from 0 to %(most)s.") % {"most": most})
        return found

    def column(self, name: str) -> str:
        return self._name(name, self.take(name))

    def columns(self, name: str = "columns") -> Names:
        found = self.array(name, COLUMNS)
        names = tuple(self._name(f"{name}.{place}", one) for place, one in enumerate(found))
        if not names or len(set(names)) != len(names):
            self.fail(name, _("Name at least one column, and none of them twice."))
        return names

    def columns_or_all(self) -> Names | None:
        if self._left.get("columns") is None:
            self.take("columns")
            return None
        return self.columns()

    def words(self, name: str, most: int, longest: int, least: int = 1) -> Names:
        found = self.array(name, most, [])
        for place, one in enumerate(found):
            if not _is_text(one) or not 0 < len(one) <= longest:
                self.fail(
                    f"{name}.{place}", _("Write text of at most %(most)s characters.") % {"most": longest}
                )
        if len(found) < least or len(set(found)) != len(found):
            self.fail(name, _("Write at least one, and none of them twice."))
        return tuple(found)

    def _name(self, path: str, found: Any) -> str:
        if not _is_text(found) or not 0 < len(found) <= NAME or not found.isprintable():
            self.fail(path, _("Write the name of a column."))
        name: str = found
        return name


def _is_text(found: Any) -> bool:
    """Tell whether this is text that can be written in UTF-8 (JSON can carry half of a surrogate pair)."""
    return isinstance(found, str) and not any("\ud800" <= character <= "\udfff" for character in found)


def _empty(members: _Members) -> Empty:
    return Empty(members.columns_or_all(), members.words("words", WORDS, WORD))


def _dates(members: _Members) -> Dates:
    columns = members.columns()
    written = members.words("patterns", PATTERNS, PATTERN, least=0)
    for place, one in enumerate(written):
        if patterns.read(one) is None:
            members.fail(
                f"patterns.{place}",
                _(
                    "Write the parts YYYY, MM or M, DD or D, and perhaps hh, mm and ss, each once; set M and D apart."
                ),
            )
    otherwise = members.choice("otherwise", (Otherwise.KEEP, Otherwise.EMPTY), Otherwise.KEEP)
    return Dates(columns, written, otherwise)


def _cast(members: _Members) -> Cast:
    column, kind = members.column("column"), members.choice("type", tuple(Kind))
    otherwise = members.choice("otherwise", tuple(Otherwise), Otherwise.STOP)
    places = members.number("places", PLACES) if kind is Kind.DECIMAL else 0
    if kind is not Kind.BOOLEAN:
        return Cast(column, kind, otherwise, places)
    yes, no = members.words("yes", WORDS, WORD, 0), members.words("no", WORDS, WORD, 0)
    if set(yes) & set(no) or "true" in no or "false" in yes:
        members.fail("no", _("One word cannot mean both."))
    return Cast(column, kind, otherwise, places, yes, no)


def _mask(members: _Members) -> Mask:
    column = members.column("column")
    if members.has("class"):
        return Mask(column, members.choice("class", tuple(Sensitive)))
    return Mask(column, None, members.number("first", KEPT), members.number("last", KEPT))


_READERS: dict[str, Callable[[_Members], Operation]] = {
    Trim.operation: lambda members: Trim(members.columns_or_all()),
    Width.operation: lambda members: Width(members.columns_or_all()),
    Invisible.operation: lambda members: Invisible(members.columns_or_all()),
    Empty.operation: _empty,
    Dates.operation: _dates,
    Cast.operation: _cast,
    Mask.operation: _mask,
    DropColumns.operation: lambda members: DropColumns(members.columns()),
    Rename.operation: lambda members: Rename(members.column("column"), members.column("name")),
    DropDuplicates.operation: lambda _members: DropDuplicates(),
    DropRows.operation: lambda members: DropRows(members.columns()),
}
