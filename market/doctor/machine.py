"""What the doctor asks of the machine: disk, storage, port, typesetter."""

import importlib.metadata
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from typing import Final

from contracts.errors import RenderError
from contracts.render import toolchain
from market.config import Settings
from market.doctor.finding import Finding
from market.serve import port_is_free
from market.storage import StoreError, open_store

ENOUGH_DISK: Final = 1024**3
"""Bytes; below this the doctor warns."""


def examine(settings: Settings, port: int | None) -> Iterator[Finding]:
    """Yield what was found; nothing here needs the database.

    Args:
        settings: what the exchange was told.
        port: where it shall listen; not looked at when None.
    """
    yield disk(settings)
    yield storage(settings)
    yield typesetter()
    if port is not None:
        yield listening(port)


def disk(settings: Settings) -> Finding:
    """Say how much room is left."""
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    said = f"{free / 1024**3:.1f} GiB free at {settings.home}"
    return Finding("disk", free >= ENOUGH_DISK, said if free >= ENOUGH_DISK else f"{said}: make room")


def storage(settings: Settings) -> Finding:
    """Say whether bytes can be kept and read."""
    try:
        open_store(settings.storage_url).probe()
    except Exception as error:  # whatever the storage's library raises for a wrong address or key
        said = str(error) if isinstance(error, StoreError | OSError) else type(error).__name__
        return Finding("storage", False, f"STORAGE_URL cannot be written and read: {said}; set it right")
    return Finding("storage", True, "can be written and read")


def typesetter() -> Finding:
    """Say whether contracts can be set in type."""
    try:
        tools = toolchain()
    except importlib.metadata.PackageNotFoundError as error:
        return Finding(
            "typesetter", False, f"the package {error.name} is missing; install the locked packages"
        )
    except (RenderError, OSError) as error:
        return Finding("typesetter", False, f"{error}; install the locked packages")
    return Finding("typesetter", True, f"{tools['compiler']}, {len(tools['fonts'])} fonts")


def listening(port: int) -> Finding:
    """Say whether the port is free, or serves this product already."""
    if port_is_free("127.0.0.1", port):
        return Finding("port", True, f"{port} is free")
    if _serves(port):
        return Finding("port", True, f"{port} is served by an exchange")
    return Finding("port", False, f"{port} is taken: stop what listens there, or choose another with --port")


def _serves(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=5) as answer:
            return bool(json.loads(answer.read(1000)) == {"status": "ok"})
    except (OSError, ValueError, HTTPException, urllib.error.URLError):
        return False
