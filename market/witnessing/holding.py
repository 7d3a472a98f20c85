"""Which watched logs are not cosigned yet, because this exchange was restored and may have forgotten a promise.

A witness never cosigns two heads of which the later does not begin with the earlier. What it cosigned after the backup
was taken a restored one does not know, so that a log could now show it another history. So at a restore every watched
log is put on hold, as a file of its own. It is taken off when the log itself publishes a head with our cosignature that
is no smaller than the last one known here and extends it, or when the operator says so.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

FOLDER: Final = "held"
"""In the exchange's own folder."""


def hold(home: Path, origins: Iterable[str]) -> None:
    """Put logs on hold.

    Args:
        home: the exchange's folder.
        origins: names of the logs.
    """
    for origin in origins:
        path = _path(home, origin)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(f"{origin}\n", "utf-8")


def is_held(home: Path, origin: str) -> bool:
    """Tell whether a log is on hold."""
    return _path(home, origin).exists()


def release(home: Path, origin: str) -> bool:
    """Take a log off hold; return whether it was."""
    held = is_held(home, origin)
    _path(home, origin).unlink(missing_ok=True)
    return held


def _path(home: Path, origin: str) -> Path:
    return home / FOLDER / hashlib.sha256(origin.encode()).hexdigest()
