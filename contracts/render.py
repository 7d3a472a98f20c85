"""Sets a draft in type: one PDF and its pages as SVG, the same bytes every time.

Typst runs in a child process with limits; this process never imports it.  The user's words reach it as JSON data and
are never spliced into markup.  The PDF targets PDF/A-3a and PDF/UA-1 and carries contract.json and policy.json, an
acceptance also the signed offer.  Its only date is the terms' own.  A rendering record names the compiler and the
fonts, because another version may set other bytes: then a verifier says so instead of failing.
"""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
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
    with tempfile.TemporaryDirectory(prefix="qilu-contract-") as name:
        folder = Path(name)
        _lay_out(folder, draft, tools)
        _run(folder)
        pdf = (folder / "document.pdf").read_bytes()
        count = sum(1 for _ in folder.glob("page-*.svg"))
        pages = tuple((folder / f"page-{number}.svg").read_bytes() for number in range(1, count + 1))
    record = {**tools, "standards": list(STANDARDS), "pages": [canonical.sha256(page) for page in pages]}
    return Rendered(pdf, pages, canonical.encode(record))


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
    known = frozenset.intersection(*(glyphs.covered(_fonts() / name) for name in _FONT_FILES))
    for field, text in _texts(content, "model text"):
        for character in text:
            if ord(character) not in known:
                raise UncoveredError(field, character)


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


def _lay_out(folder: Path, draft: Draft, tools: dict[str, Any]) -> None:
    year, month, day = draft.content["day"]
    job = {
        "fonts": [str(_fonts())],
        "standards": list(STANDARDS),
        "timestamp": int(datetime(year, month, day, tzinfo=UTC).timestamp()),
    }
    (folder / "job.json").write_text(json.dumps(job), "utf-8")
    (folder / "content.json").write_bytes(canonical.encode({**draft.content, "toolchain": tools}))
    for name, data in (("contract.json", draft.terms), ("policy.json", draft.policy)):
        if data:
            (folder / name).write_bytes(data)
    if draft.offer:
        (folder / "offer.pdf").write_bytes(draft.offer)
    (folder / "layout.typ").write_text(draft.model.layout, "utf-8")


def _run(folder: Path) -> None:
    command = [sys.executable, "-I", str(_TYPESETTER), str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False, env={}, cwd=folder)
    except subprocess.TimeoutExpired:
        raise RenderError(f"setting the document took more than {TIMEOUT} seconds") from None
    if done.returncode != 0:
        complaint = done.stderr.decode("utf-8", "replace").strip().replace(str(folder), "")
        raise RenderError(f"the document could not be set: {complaint[-600:] or f'exit {done.returncode}'}")
