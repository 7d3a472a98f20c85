"""The ``when`` conditions of a model text: a small language over the values of its blanks.

    expr := both ("or" both)*      both := not ("and" not)*      not := "not" not | "(" expr ")" | test
    test := BLANK "=" WORD | BLANK "!=" WORD | BLANK "has" WORD | BLANK "given" | BLANK "zero"

``given`` holds for a blank that is filled with something, for a yes-or-no blank when it says yes; ``zero`` for an
amount or a count of 0; ``has`` for a list of words.  A word is an option, ``yes``, ``no`` or a whole number.  There is
nothing else: no arithmetic, no calls, no names from outside, so a condition always ends and reads the same anywhere.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from contracts.errors import LibraryError

Values = Mapping[str, Any]
_TOKEN: Final = re.compile(r"\s*(?:([()=]|!=)|([A-Za-z0-9][A-Za-z0-9._-]*))")
_KEYWORDS: Final = frozenset({"and", "or", "not"})
_BETWEEN: Final = _KEYWORDS | {"(", ")"}
_WORDS_BESIDE: Final = frozenset({"given", "zero"})


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of a condition: a blank, how it is looked at, and the word it is held against."""

    blank: str
    how: str
    word: str = ""

    def holds(self, values: Values) -> bool:
        """Tell whether the comparison holds; a blank that is absent only passes ``!=``."""
        value = values.get(self.blank)
        match self.how:
            case "=":
                return value is not None and _word(value) == self.word
            case "!=":
                return value is None or _word(value) != self.word
            case "has":
                return isinstance(value, list | tuple) and self.word in value
            case "zero":
                count = value.get("amount") if isinstance(value, Mapping) else value
                return type(count) is int and count == 0
        return bool(value) or (value == 0 and value is not False)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, ready to be asked.

    Attributes:
        tests: its comparisons, in order.
        pieces: the same with the words and brackets between them, for saying it.
    """

    holds: Callable[[Values], bool]
    tests: tuple[Test, ...]
    pieces: tuple[Test | str, ...] = ()


@lru_cache(maxsize=512)
def parse(text: str) -> Condition:
    """Return the condition that a text states; no text always holds.

    Raises:
        LibraryError: it is not written in the language above (``model.malformed``).
    """
    if not text:
        return Condition(lambda _: True, ())
    reader = _Reader(text)
    holds = reader.either()
    reader.end()
    tests = tuple(piece for piece in reader.pieces if isinstance(piece, Test))
    return Condition(holds, tests, tuple(reader.pieces))


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


class _Reader:
    """Reads one condition from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self.pieces: list[Test | str] = []

    def either(self) -> Callable[[Values], bool]:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return lambda values: any(part(values) for part in parts)

    def end(self) -> None:
        if self._tokens:
            raise self._fault()

    def _both(self) -> Callable[[Values], bool]:
        parts = [self._not()]
        while self._take("and"):
            parts.append(self._not())
        return lambda values: all(part(values) for part in parts)

    def _not(self) -> Callable[[Values], bool]:
        if self._take("not"):
            part = self._not()
            return lambda values: not part(values)
        if self._take("("):
            inside = self.either()
            if not self._take(")"):
                raise self._fault()
            return inside
        return self._test()

    def _test(self) -> Callable[[Values], bool]:
        blank = self._name()
        for how in ("=", "!=", "has"):
            if self._take(how):
                test = Test(blank, how, self._name())
                break
        else:
            how = self._name()
            if how not in _WORDS_BESIDE:
                raise self._fault()
            test = Test(blank, how)
        self.pieces.append(test)
        return test.holds

    def _name(self) -> str:
        if not self._tokens or self._tokens[0] in _KEYWORDS or not self._tokens[0][0].isalnum():
            raise self._fault()
        return self._tokens.pop(0)

    def _take(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            if token in _BETWEEN:
                self.pieces.append(token)
            return True
        return False

    def _fault(self) -> LibraryError:
        return LibraryError(f"the condition {self._text!r} cannot be read", "model.malformed")


def _tokens(text: str) -> Iterator[str]:
    place = 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise LibraryError(f"the condition {text!r} cannot be read", "model.malformed")
        place = match.end()
        yield match[1] or match[2]
