"""Sets a draft in type: one PDF and its pages as SVG, the same bytes every time.

Typst runs in a child process with limits; this process never imports it.  The user's words reach it as JSON data and
are never spliced into markup; :func:`pdf` sets the exchange's own documents the same way.  The PDF targets PDF/A-3a
and PDF/UA-1 and carries contract.json and policy.json, an acceptance also the signed offer.  Its only date is the
terms' own.  A rendering record names the compiler and the fonts, because another version may set other bytes: then a
verifier says so instead of failing.
"""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from contracts import canonical, glyphs
from contracts.document import Draft
from contracts.errors import RenderError, UncoveredError

STANDARDS: Final = ("a-3a", "ua-1")
TIMEOUT: Final = 120
"""Seconds a child may take, waiting for the processor included."""
_TYPESETTER: Final = Path(__file__).with_name("typesetter.py")
_FONT_FILES: Final = ("NotoSansSC-Regular.otf", "NotoSerifSC-Regular.otf")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document in type.

    Attributes:
        pdf: the exact bytes both parties sign by digest.
        pages: the same pages as SVG, for showing.
        record: canonical JSON of compiler, font digests, standards and page digests.
    """

    pdf: bytes
    pages: tuple[bytes, ...]
    record: bytes


def render(draft: Draft) -> Rendered:
    """Return the draft in type.  Blocks for about half a second; never call it inside a transaction.

    Raises:
        UncoveredError: a character has no glyph.
        RenderError: the child failed or passed its limits, or an acceptance comes without its offer
            (``document.not_rendered``).
    """
    if "offer" in draft.content and not draft.offer:
        raise RenderError("an acceptance is set with the signed offer attached")
    refuse_uncovered(draft.content)
    tools = toolchain()
    files = {"contract.json": draft.terms, "policy.json": draft.policy, "offer.pdf": draft.offer}
    day = date(*draft.content["day"])
    given = {name: data for name, data in files.items() if data}
    with _set(draft.model.layout, draft.content, day, given) as folder:
        found = (folder / "document.pdf").read_bytes()
        count = sum(1 for _ in folder.glob("page-*.svg"))
        pages = tuple((folder / f"page-{number}.svg").read_bytes() for number in range(1, count + 1))
    record = {**tools, "standards": list(STANDARDS), "pages": [canonical.sha256(page) for page in pages]}
    return Rendered(found, pages, canonical.encode(record))


def pdf(layout: str, content: Mapping[str, Any], day: date, files: Mapping[str, bytes]) -> bytes:
    r"""Return a document that is no contract in type.  Blocks; never call it inside a transaction.

    Args:
        layout: in Typst; it reads ``content.json``, in which the toolchain stands as ``toolchain``.
        content: what it places; a character that cannot be set, or not be seen, stands as its number, ``\u{1F600}``.
        day: the only date that the file carries.
        files: what it may attach, by name.

    Raises:
        RenderError: the child failed or passed its limits (``document.not_rendered``).
    """
    with _set(layout, _spelled(content), day, files, pages=False) as folder:
        return (folder / "document.pdf").read_bytes()


def _spelled(value: Any) -> Any:
    match value:
        case str():
            known = _known()
            return "".join(
                one if one.isprintable() and ord(one) in known else f"\\u{{{ord(one):X}}}" for one in value
            )
        case list():
            return [_spelled(item) for item in value]
        case dict():
            return {key: _spelled(item) for key, item in value.items()}
        case _:
            return value


@lru_cache(maxsize=1)
def toolchain() -> dict[str, Any]:
    """Return what decides the bytes besides the draft: the compiler's version and the digests of the fonts."""
    fonts = {name: canonical.sha256((_fonts() / name).read_bytes()) for name in _FONT_FILES}
    return {"compiler": f"typst {importlib.metadata.version('typst')}", "fonts": fonts}


def refuse_uncovered(content: dict[str, Any]) -> None:
    """Return when every character of the content can be set.

    Raises:
        UncoveredError: the first character without a glyph, named with its field.
    """
    known = _known()
    for field, text in _texts(content, "model text"):
        for character in text:
            if ord(character) not in known:
                raise UncoveredError(field, character)


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    """Return the characters that every font has a glyph for."""
    return frozenset.intersection(*(glyphs.covered(_fonts() / name) for name in _FONT_FILES))


def _texts(value: Any, field: str) -> Iterator[tuple[str, str]]:
    """Yield every text of the content with the name of the nearest field around it."""
    match value:
        case str():
            yield field, value
        case list():
            for item in value:
                yield from _texts(item, field)
        case dict():
            inner = value.get("field", field)
            for item in value.values():
                yield from _texts(item, inner)


def _fonts() -> Path:
    found = importlib.util.find_spec("pylopdf_fonts_zh_cn")
    if found is None or found.origin is None:
        raise RenderError("the font package pylopdf-fonts-zh-cn is not installed")
    return Path(found.origin).parent


@contextmanager
def _set(
    layout: str, content: Mapping[str, Any], day: date, files: Mapping[str, bytes], *, pages: bool = True
) -> Iterator[Path]:
    """Set a document in a folder of its own, which is gone afterwards; its pages too where they are wanted."""
    job = {
        "fonts": [str(_fonts())],
        "standards": list(STANDARDS),
        "timestamp": int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()),
        "pages": pages,
    }
    with tempfile.TemporaryDirectory(prefix="qilu-contract-") as name:
        folder = Path(name)
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        (folder / "content.json").write_bytes(canonical.encode({**content, "toolchain": toolchain()}))
        for file, data in files.items():
            (folder / file).write_bytes(data)
        (folder / "layout.typ").write_text(layout, "utf-8")
        _run(folder)
        yield folder


def _run(folder: Path) -> None:
    command = [sys.executable, "-I", str(_TYPESETTER), str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False, env={}, cwd=folder)
    except subprocess.TimeoutExpired:
        raise RenderError(f"setting the document took more than {TIMEOUT} seconds") from None
    if done.returncode != 0:
        complaint = done.stderr.decode("utf-8", "replace").strip().replace(str(folder), "")
        raise RenderError(f"the document could not be set: {complaint[-600:] or f'exit {done.returncode}'}")
