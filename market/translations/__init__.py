"""The Chinese of the pages, and how it is kept complete.

``python -m market.translations`` takes every sentence out of the code and the templates, merges them
into ``zh/LC_MESSAGES/messages.po`` and compiles it; both files are committed. A test refuses a sentence
without its Chinese, a Chinese without its sentence, and a compiled file that is not the text's.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
TEXT = Path(__file__).parent / "zh" / "LC_MESSAGES" / "messages.po"
_DAY = datetime(2026, 11, 22, tzinfo=UTC)
"""Stands in the header for ever, so that the same sentences give the same bytes."""
_KEYWORDS = {"_": None, "gettext": None, "lazy": None}
_SOURCES = (
    ("market", "*.py", "python"),
    ("templates", "pages/**/*.html", "jinja2"),
    ("templates", "email/**/*.txt", "jinja2"),
)


def sentences() -> Iterator[tuple[str, str]]:
    """Yield each sentence of the product with the file it stands in."""
    for folder, pattern, method in _SOURCES:
        for path in sorted((ROOT / folder).rglob(pattern)):
            with path.open("rb") as file:
                for _line, message, _comments, _context in extract(
                    method, file, _KEYWORDS, (), {"encoding": "utf-8"}
                ):
                    if isinstance(message, str) and message:
                        yield message, path.relative_to(ROOT).as_posix()


def catalogue() -> Catalog:
    """Return the committed text."""
    with TEXT.open("rb") as file:
        return read_po(file, locale="zh")


def compiled(texts: Catalog) -> bytes:
    """Return a text as the server reads it."""
    buffer = io.BytesIO()
    write_mo(buffer, texts)
    return buffer.getvalue()


def update() -> list[str]:
    """Merge the product's sentences into the text and compile it; return those without Chinese."""
    known = catalogue()
    fresh = Catalog(
        locale="zh",
        project="Qilu",
        version="1",
        header_comment="# Chinese of the pages; `python -m market.translations` brings it up to date.",
        creation_date=_DAY,
        revision_date=_DAY,
        last_translator="the project",
        language_team="the project",
        msgid_bugs_address="the project",
        fuzzy=False,
    )
    for message, place in sentences():
        before = known.get(message)
        fresh.add(message, before.string if before else "", locations=[(place, 0)])
    with TEXT.open("wb") as file:
        write_po(file, fresh, sort_output=True, include_lineno=False, omit_header=False, width=110)
    TEXT.with_suffix(".mo").write_bytes(compiled(fresh))
    return [str(message.id) for message in fresh if message.id and not message.string]
