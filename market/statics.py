"""Our own files for browsers: read once, compressed once, and addressed by what is in them.

``url_for("static", filename=…)`` carries the beginning of the file's SHA-256 as ``v``, so a browser keeps
a file for ever and asks for a new address when it changes. A server in front may serve the folder itself.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, abort, request

FOLDER: Final = Path(__file__).resolve().parent / "static"
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What is served; licences and notes beside the files are not."""


@dataclass(frozen=True)
class File:
    """A file as it is sent.

    Attributes:
        content: its bytes.
        packed: the same, gzip.
        version: first twelve hex digits of its SHA-256.
        media_type: of the content.
    """

    content: bytes
    packed: bytes
    version: str
    media_type: str


def init_app(app: Flask) -> None:
    """Serve the folder under ``/static`` and put each file's version into its address."""
    app.add_url_rule("/static/<path:filename>", endpoint="static", view_func=_send)

    @app.url_defaults
    def version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and values["filename"] in files():
            values.setdefault("v", files()[values["filename"]].version)


@cache
def files() -> Mapping[str, File]:
    """Return the files by their path below ``/static``."""
    return {
        path.relative_to(FOLDER).as_posix(): _file(path)
        for path in sorted(FOLDER.rglob("*"))
        if path.suffix in TYPES
    }


def _file(path: Path) -> File:
    content = path.read_bytes()
    return File(
        content=content,
        packed=gzip.compress(content, 9, mtime=0),
        version=hashlib.sha256(content).hexdigest()[:12],
        media_type=TYPES[path.suffix],
    )


def _send(filename: str) -> Response:
    if filename not in files():
        abort(404)
    file = files()[filename]
    packed = bool(request.accept_encodings["gzip"])
    answer = Response(file.packed if packed else file.content, content_type=file.media_type)
    answer.vary.add("Accept-Encoding")
    if packed:
        answer.content_encoding = "gzip"
    answer.set_etag(file.version + ("-gzip" if packed else ""))
    kept = request.args.get("v") == file.version
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-cache"
    answer.make_conditional(request)
    return answer
