"""The files that settings name (witnesses, watched logs, authorities' certificates): public, and part of a backup.

One inside the exchange's folder keeps its place in a backup, so that a relative name means it in whichever folder it is
put back. One outside lies in it under :data:`OUTSIDE`, for a machine that has none; a restore takes the one that the
setting names.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from market.config import Settings

FIELDS: Final = (
    "ledger_policy", "ledger_witnessed", "ledger_tsa_certificates", "contract_tsa_certificates",
)  # fmt: skip
OUTSIDE: Final = "outside"
"""Folder of a backup, and of the exchange that is restored from it."""


def members(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield (name in a backup, file) of each named file that is there; the doctor says when one is not."""
    for field in FIELDS:
        path = _path(settings, field, settings.home)
        if path is None or not path.is_file():
            continue
        if path.is_relative_to(settings.home):
            yield path.relative_to(settings.home).as_posix(), path
        else:
            yield f"{OUTSIDE}/{field}", path


def moved(settings: Settings, home: Path, fresh: Path) -> Settings:
    """Return settings that mean the named files inside one folder as they lie inside another.

    Args:
        settings: name the files.
        home: the folder that relative names are meant from.
        fresh: where its content lies.
    """
    changes: dict[str, Any] = {}
    for field in FIELDS:
        path = _path(settings, field, home)
        if path is not None:
            changes[field] = str(inside(path, home, fresh))
    return replace(settings, **changes)


def inside(path: Path, home: Path, fresh: Path) -> Path:
    """Return where a path lies when the content of one folder lies in another; outside of it nothing moves."""
    return fresh / path.relative_to(home) if path.is_relative_to(home) else path


def _path(settings: Settings, field: str, home: Path) -> Path | None:
    """Return a named file without the dots of its name; None where nothing is set."""
    name = getattr(settings, field)
    return Path(os.path.normpath(home / name)) if name else None
