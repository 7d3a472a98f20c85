"""A log's published files as answers (C2SP tlog-tiles): this exchange's own, and the copies of others."""

import re
from pathlib import Path
from typing import Final

from flask import Response, abort, send_file

from ledger.checkpoint import CHECKPOINT
from market.errors import NotFound
from market.i18n import gettext as _

_TILE: Final = re.compile(r"(?:[0-7]|entries)(?:/x[0-9]{3}){0,6}/[0-9]{3}(?:\.p/[0-9]{1,3})?")


def checkpoint(folder: Path) -> Response:
    """Return the head of the log in a folder: plain text, never cached for long.

    Raises:
        NotFound: there is none yet.
    """
    answer = _file(folder / CHECKPOINT, "text/plain")
    answer.headers["Cache-Control"] = "public, max-age=1"
    return answer


def tile(folder: Path, path: str) -> Response:
    """Return a tile or entry bundle by its path below ``tile/``; it never changes.

    Raises:
        NotFound: there is none; a partial tile goes when the full one is there.
    """
    if not _TILE.fullmatch(path):
        raise _missing()
    answer = _file(folder / "tile" / path, "application/octet-stream")
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def _file(path: Path, media_type: str) -> Response:
    if not path.is_file():
        raise _missing()
    answer = send_file(path, mimetype=media_type, conditional=True, etag=True)
    if answer.status_code == 412:
        answer.close()
        abort(412)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


def _missing() -> NotFound:
    return NotFound("ledger.no_file", _("The ledger has no such file (yet)."))
