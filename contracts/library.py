"""Finds model texts, refuses one that is not the text that was released, and lints them.

A model version is a folder ``<name>/<version>`` with ``model.toml`` (title, typed blanks) and ``clauses.toml`` (the
clauses and schedules, Chinese and English side by side), set in a shared style (``styles/<style>``: layout and fixed
words).  Its digest is over all those files.  ``released.toml`` holds the digest of every released version: a released
text is never changed, a new wording is a new version.

Version 0.1 is the *first* shape: its blanks are filled from typed facts (:mod:`contracts.first`), and it has no
schedules and no help.  Later texts carry everything that a form needs: :mod:`contracts.blanks` reads it.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from contracts import canonical
from contracts.errors import LibraryError

FOLDER: Final = Path(__file__).resolve().parent.parent / "templates" / "contracts"
"""Where the model texts lie beside the packages, in a checkout and in an installed wheel."""


@dataclass(frozen=True, slots=True)
class Bilingual:
    """One wording in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A typed blank of a model text.

    Attributes:
        must: which of quality, price, delivery and use it serves, or nothing.
        help: one sentence for whoever fills it.
        source: the founding or legal source that asks for it.
        options: the group of words it chooses from.
        default: what a provider's terms begin with; None for nothing.
        when: the condition under which the text has this blank.
        optional: whether it may be left out.
        given: whether the exchange fills it from its own records or computes it, so that nobody negotiates it.
        low: smallest whole number.
        high: largest whole number.
        limit: most characters.
        least: fewest words of a list.
    """

    name: str
    type: str
    label: Bilingual
    must: str = ""
    help: Bilingual | None = None
    source: str = ""
    options: str = ""
    default: Any = None
    when: str = ""
    optional: bool = False
    given: bool = False
    low: int = 0
    high: int = 1_000_000
    limit: int = 500
    least: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph, a list of facts or a table of a clause; exactly one of the three is filled."""

    when: str
    text: Bilingual | None
    facts: tuple[str, ...]
    table: str


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause or a schedule of the text; its id stays while its number may differ between versions."""

    id: str
    title: Bilingual
    parts: tuple[Part, ...]
    source: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A model text, ready to be filled.

    Attributes:
        id: ``<name>/<version>``.
        first: whether it has the shape of 0.1 (:mod:`contracts.first`).
        price: ``any``, ``free`` (nothing may be paid) or ``none`` (the text has no price).
        promises: whether at least one quality threshold is required.
        file: whether it is about one registered file; else the text describes the data itself.
        digest: SHA-256 over all files that make the text and its layout.
        layout: the Typst source that sets it.
    """

    id: str
    title: Bilingual
    first: bool
    price: str
    promises: bool
    file: bool
    blanks: Mapping[str, Blank]
    clauses: tuple[Clause, ...]
    schedules: tuple[Clause, ...]
    words: Mapping[str, Mapping[str, Bilingual]]
    digest: str
    layout: str

    @property
    def free(self) -> bool:
        """Whether nothing may be paid under this text."""
        return self.price != "any"

    def articles(self) -> dict[str, int]:
        """Return the article number of each clause id, from 1."""
        return {clause.id: number for number, clause in enumerate(self.clauses, start=1)}

    def annexes(self) -> dict[str, int]:
        """Return the number of each schedule id, from 1."""
        return {schedule.id: number for number, schedule in enumerate(self.schedules, start=1)}

    def word(self, group: str, name: str) -> Bilingual:
        """Return the reading of a word of a closed list, such as ``action`` ``derive``."""
        return self.words[group][name]


def names(folder: Path = FOLDER) -> list[str]:
    """Return the ids of all released model texts, sorted."""
    return sorted(_released(folder))


def current(folder: Path = FOLDER) -> list[str]:
    """Return the newest released version of each model text, sorted; contracts are drawn up from these alone."""
    newest: dict[str, tuple[int, ...]] = {}
    for name, version in (model.split("/") for model in _released(folder)):
        newest[name] = max(newest.get(name, ()), tuple(map(int, version.split("."))))
    return sorted(f"{name}/{'.'.join(map(str, version))}" for name, version in newest.items())


@lru_cache(maxsize=32)
def load(model: str, folder: Path = FOLDER) -> Model:
    """Return the released model text ``<name>/<version>``.

    Raises:
        LibraryError: unknown (``model.unknown``), malformed (``model.malformed``), or its files are not the ones
            that were released (``model.changed``).
    """
    released = _released(folder)
    if model not in released:
        raise LibraryError(f"there is no released model text {model}", "model.unknown")
    found = read(model, folder)
    if found.digest != released[model]:
        raise LibraryError(f"the text of {model} is not the one that was released", "model.changed")
    return found


def read(model: str, folder: Path = FOLDER) -> Model:
    """Return a model text whether released or not; for linting and for releasing.

    Raises:
        LibraryError: files are missing or malformed (``model.malformed``).
    """
    try:
        found = files(model, folder)
        return _model(model, tomllib.loads(found["model.toml"].decode()), found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LibraryError(f"the model text {model} is malformed: {error}", "model.malformed") from error


def files(model: str, folder: Path = FOLDER) -> dict[str, bytes]:
    """Return the files that a model text is made of, and its digest is over, by name.

    Raises:
        LibraryError: files are missing or malformed (``model.malformed``).
    """
    try:
        place = folder / model
        head = tomllib.loads((place / "model.toml").read_text("utf-8"))
        style = folder / "styles" / head["style"]
        own = {name: (place / name).read_bytes() for name in ("clauses.toml", "model.toml")}
        return own | {name: (style / name).read_bytes() for name in ("layout.typ", "words.toml")}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise LibraryError(f"the model text {model} is malformed: {error}", "model.malformed") from error


def _released(folder: Path) -> dict[str, str]:
    try:
        return tomllib.loads((folder / "released.toml").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise LibraryError("released.toml of the model texts cannot be read", "model.malformed") from error


def _model(model: str, head: dict[str, Any], found: dict[str, bytes]) -> Model:
    if model != f"{head['name']}/{head['version']}":
        raise LibraryError(f"{model} names itself {head['name']}/{head['version']}", "model.malformed")
    words = _words(tomllib.loads(found["words.toml"].decode()), head)
    text = tomllib.loads(found["clauses.toml"].decode())
    blanks = {name: _blank(name, blank) for name, blank in head["blanks"].items()}
    first = "subject" not in head
    return Model(
        id=model,
        title=_both(head["title"]),
        first=first,
        price={"free": "free", "any": "any", "none": "none"}[head["price"]],
        promises={"required": True, "optional": False}[head["quality"]] if first else _promises(blanks),
        file=first or {"file": True, "described": False}[head["subject"]],
        blanks=MappingProxyType(blanks),
        clauses=tuple(map(_clause, text["clause"])),
        schedules=tuple(map(_clause, text.get("schedule", ()))),
        words=words,
        digest=canonical.sha256(
            canonical.encode({name: canonical.sha256(data) for name, data in found.items()})
        ),
        layout=found["layout.typ"].decode(),
    )


def _words(style: dict[str, Any], head: dict[str, Any]) -> Mapping[str, Mapping[str, Bilingual]]:
    """Return the words of a style; a text names the roles its own way and may add groups, never change one."""
    own = head.get("words", {})
    if again := sorted(set(own) & set(style)):
        raise ValueError(f"the style has the words {', '.join(again)} already")
    groups = {**style, **own, "role": {**style["role"], **head.get("role", {})}}
    return MappingProxyType(
        {group: {name: _both(word) for name, word in entries.items()} for group, entries in groups.items()}
    )


def _promises(blanks: Mapping[str, Blank]) -> bool:
    return any(blank.type == "quality" and not blank.optional for blank in blanks.values())


def _both(item: dict[str, str]) -> Bilingual:
    return Bilingual(item["zh"], item["en"])


def _blank(name: str, item: dict[str, Any]) -> Blank:
    limits = {key: int(item[key]) for key in ("low", "high", "limit", "least") if key in item}
    return Blank(
        name=name,
        type=item["type"],
        label=_both(item),
        must=item.get("must", ""),
        help=_both(item["help"]) if "help" in item else None,
        source=item.get("source", ""),
        options=item.get("options", ""),
        default=item.get("default"),
        when=item.get("when", ""),
        optional=bool(item.get("optional")),
        given=bool(item.get("given") or item.get("computed")),
        **limits,
    )


def _clause(item: dict[str, Any]) -> Clause:
    return Clause(item["id"], _both(item), tuple(map(_part, item["part"])), item.get("source", ""))


def _part(item: dict[str, Any]) -> Part:
    text = _both(item) if "zh" in item or "en" in item else None
    part = Part(item.get("when", ""), text, tuple(item.get("facts", ())), item.get("table", ""))
    if [part.text is not None, bool(part.facts), bool(part.table)].count(True) != 1:
        raise ValueError("a part is either text in both languages, facts or a table")
    return part
