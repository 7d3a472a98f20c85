"""Contracts as documents: setting one in type, signing it with time stamps, verifying it; times are processor time.

WeasyPrint is a peer of this measurement and nothing else: it is installed into an environment of its own, and set the
same words in the same fonts. Where it cannot be had, that is said.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from html import escape
from pathlib import Path
from typing import Any

from contracts import library, render
from contracts.document import Draft, compose
from contracts.examining import examine
from contracts.vocabulary import Role
from tests.bench.table import Row
from tests.contracts.authority import Authority
from tests.contracts.first.sample import TERMS
from tests.contracts.signed import completed, paper, rendered

PEER = "weasyprint==70.0"
TIMES = 8
DOCUMENTS = 40
CORES = 2
_PEER = """
import json, sys, time, hashlib
import weasyprint
def once():
    return weasyprint.HTML(filename=sys.argv[1]).write_pdf(attachments=[weasyprint.Attachment(sys.argv[2])])
began = time.process_time(); pdf = once(); first = time.process_time() - began
took = []
for _time in range(4):
    began = time.process_time(); pdf = once(); took.append(time.process_time() - began)
print(json.dumps({"first": first, "warm": min(took), "size": len(pdf), "digest": hashlib.sha256(pdf).hexdigest()}))
"""


def rendering(folder: Path) -> Iterator[Row]:
    """Yield what it costs to set a contract in type, and whether the bytes are the same again."""
    draft = compose(library.load(TERMS.model), TERMS)
    began = _children()
    pdfs = [render.render(draft).pdf for _time in range(TIMES)]
    ours = (_children() - began) / TIMES
    same = "the same bytes every time" if len(set(pdfs)) == 1 else "OTHER BYTES"
    yield Row("a contract set in type, a child each time", f"{ours:.2f} s", same, "< 1 s")
    yield Row("its size", f"{len(pdfs[0]) / 1000:.0f} kB")
    try:
        theirs = [_peer(folder, draft) for _time in range(2)]
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        yield Row("WeasyPrint", "LEFT OUT", said[-1][:70] if said else "")
        return
    first, size = min(one["first"] for one in theirs), theirs[0]["size"]
    same = (
        "the same bytes" if len({one["digest"] for one in theirs}) == 1 else "other bytes in another process"
    )
    yield Row("WeasyPrint, first rendering of a process", f"{first:.2f} s", f"{first / ours:.1f} x ours")
    warm = min(one["warm"] for one in theirs)
    yield Row("WeasyPrint, later ones", f"{warm:.2f} s", f"{warm / ours:.1f} x ours")
    yield Row("its size, and twice", f"{size / 1000:.0f} kB", same)


def signing() -> Iterator[Row]:
    """Yield what signing and verifying cost, and whole documents a second."""
    rendered()
    both = paper(rsa_provider=True)

    def sign() -> None:
        file = rendered()[0]
        for role in Role:
            file = completed(file, both.authority, role, both.parties[role], both.stamper).file

    expected = both.expected()
    yield Row("both signatures with time stamps", f"{_least(sign) * 1000:.0f} ms")
    yield Row("bytes they add", f"{(len(both.file) - len(rendered()[0])) / 1000:.0f} kB")
    yield Row("verifying the document", f"{_least(lambda: examine(both.file, expected)) * 1000:.0f} ms")
    with ProcessPoolExecutor(CORES, initializer=_signed) as pool:
        list(pool.map(_signed, range(CORES)))
        began = time.perf_counter()
        list(pool.map(_signed, range(DOCUMENTS)))
        rate = DOCUMENTS / (time.perf_counter() - began)
    yield Row(
        f"documents signed by both, with time stamps, {CORES} processes", f"{rate:.1f} /s", "", ">= 8 /s"
    )


def _signed(_number: int = 0) -> str:
    """Sign a document by both; the parties of a process are made once."""
    global _both  # noqa: PLW0603 - one authority a process, as in a server
    _both = _both or (Authority(), {})
    authority, parties = _both
    if not parties:
        parties |= {role: authority.party(role.value) for role in Role}
        parties["stamper"] = authority.stamper()
    file = rendered()[0]
    for role in Role:
        file = completed(file, authority, role, parties[role], parties["stamper"]).file
    return hashlib.sha256(file).hexdigest()


_both: tuple[Authority, dict[Any, Any]] | None = None


def _least(act: Callable[[], object]) -> float:
    found = []
    for _time in range(TIMES):
        began = time.process_time()
        act()
        found.append(time.process_time() - began)
    return min(found)


def _children() -> float:
    found = os.times()
    return found.children_user + found.children_system


def _peer(folder: Path, draft: Draft) -> dict[str, Any]:
    home = folder / "weasyprint"
    if not home.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
        install = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(home / "bin/python"),
            "install",
            "--quiet",
            PEER,
        ]
        subprocess.run(install, check=True, capture_output=True, text=True, timeout=600)
    (folder / "contract.json").write_bytes(draft.terms)
    (folder / "contract.html").write_text(_html(draft), "utf-8")
    command = [
        str(home / "bin/python"),
        "-c",
        _PEER,
        str(folder / "contract.html"),
        str(folder / "contract.json"),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _html(draft: Draft) -> str:
    """Return the words of a document as a plain page in its fonts."""
    fonts = render._fonts()
    faces = "".join(
        f"@font-face {{ font-family: {name}; src: url(file://{fonts}/Noto{name}SC-Regular.otf) }}"
        for name in ("Sans", "Serif")
    )
    words = "".join(f"<p>{escape(text)}</p>" for _field, text in render._texts(draft.content, ""))
    return f"<meta charset=utf-8><style>{faces} body {{ font: 10pt Serif }}</style>{words}"
