"""The rule book: who may trade, what, by which deadlines and for which fee; versioned and published.

A released version is frozen. Every step records the version it ran under, a refused step names the
rule, and a running trade keeps the version it began with. Fees and deadlines are values of the book,
never constants in code.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
"""Where the versions are."""

CURRENT = 4
"""The version under which new steps run."""


@dataclass(frozen=True)
class Rule:
    """One rule, in both languages; ``id`` is what a refusal names (``R4.3``), ``source`` the law it rests on."""

    id: str
    zh: str
    en: str
    source: str = ""


@dataclass(frozen=True)
class Chapter:
    """Rules that belong together."""

    id: str
    zh: str
    en: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Value:
    """A fee, deadline or limit; ``unit`` says what the integer counts."""

    name: str
    value: int
    unit: str
    zh: str
    en: str


@dataclass(frozen=True)
class RuleBook:
    """One published version."""

    version: int
    effective: str
    chapters: tuple[Chapter, ...]
    values: tuple[Value, ...]

    def value(self, name: str) -> int:
        """Return a fee, deadline or limit, in the unit the book states.

        Raises:
            KeyError: the book has no such value.
        """
        for value in self.values:
            if value.name == name:
                return value.value
        raise KeyError(name)

    def rule(self, rule_id: str) -> Rule:
        """Return a rule by its id.

        Raises:
            KeyError: the book has no such rule.
        """
        for chapter in self.chapters:
            for rule in chapter.rules:
                if rule.id == rule_id:
                    return rule
        raise KeyError(rule_id)


def book(version: int | None = None) -> RuleBook:
    """Return a version of the rule book; the one in force unless another is named.

    Raises:
        KeyError: no such version was ever published.
    """
    return _read(FOLDER / f"book-{CURRENT if version is None else version}.toml")


def books() -> list[RuleBook]:
    """Return every version that was published, the newest first."""
    return [book(version) for version in range(CURRENT, 0, -1)]


@cache
def _read(path: Path) -> RuleBook:
    if not path.exists():
        raise KeyError(path.stem)
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    chapters = tuple(
        Chapter(
            id=chapter["id"],
            zh=chapter["zh"],
            en=chapter["en"],
            rules=tuple(Rule(**rule) for rule in chapter["rules"]),
        )
        for chapter in data["chapters"]
    )
    values = tuple(Value(**value) for value in data["values"])
    return RuleBook(version=data["version"], effective=data["effective"], chapters=chapters, values=values)
