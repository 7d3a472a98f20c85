"""A backup: one moment of the database, the files that it and the settings name, the published log; by choice, secrets.

Nobody waits for it and nobody is kept waiting. The published checkpoint is read first and the database after it, so
that the rows of a backup are never behind its log; stored files and tiles never change under their names, so they are
copied when everything that names them stands still already.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData, inspect, select, text
from sqlalchemy.orm import Session

from ledger import reader
from ledger.checkpoint import CHECKPOINT, parse_checkpoint
from ledger.note import parse_note
from ledger.tiles import Tile, entry_bundles, hash_tiles, read_tile
from market import clock, migrations
from market.config import Settings
from market.governance import setting_files, snapshot
from market.governance.archive import BackupError, Manifest, Writer, writing
from market.keys import ring
from market.storage import StoreError, open_store

LOG: Final = "ledger"
FILES: Final = "files"
KEYS: Final = "keys"
SECRETS: Final = "secrets.env"


@dataclass(frozen=True)
class Made:
    """A backup that was made.

    Attributes:
        manifest: what it says of itself.
        bytes: its size.
    """

    manifest: Manifest
    bytes: int


def backup(settings: Settings, target: Path, *, keys: bool) -> Made:
    """Write a backup of a running or resting exchange.

    Args:
        settings: of the exchange.
        target: the file to make.
        keys: whether private keys and ``secrets.env`` go along; whoever has the file could then sign as the exchange.

    Returns:
        What was written. Where files that the database names are not in the store, it is written nevertheless and
        ``manifest.missing`` names them.

    Raises:
        BackupError: the target exists already, there is no database, or its schema is not of this version.
    """
    moment = clock.now()
    published = _published(settings.home / LOG / CHECKPOINT)
    with (
        tempfile.TemporaryDirectory(prefix=".qilu-backup-", dir=target.parent) as folder,
        writing(target, moment.timestamp()) as writer,
        snapshot.taken(settings, Path(folder)) as (session, files),
    ):
        manifest = _manifest(session, settings, clock.text(moment))
        for name, path in files.items():
            writer.add(name, path)
        _add_stored(writer, settings, named(session, migrations.metadata()), manifest)
        if published is not None:
            _add_log(writer, settings.home / LOG, published)
        if keys:
            _add_secrets(writer, settings.home, manifest)
        _add_named(writer, settings)
        writer.finish(manifest)
    return Made(manifest, target.stat().st_size)


def named(session: Session, sources: list[MetaData]) -> set[str]:
    """Return the digests of every stored file that the rows name.

    Args:
        session: reads the rows.
        sources: the tables of all rooms; what this database does not have yet is passed over.
    """
    there = inspect(session.connection())
    present = set(there.get_table_names())
    found: set[str] = set()
    for table in (table for source in sources for table in source.sorted_tables if table.name in present):
        for column in table.c:
            if column.info.get("file"):
                found.update(session.scalars(select(column).where(column.is_not(None)).distinct()))
            elif member := column.info.get("files"):
                for value in session.scalars(select(column).distinct()):
                    found.update(json.loads(value)[member])
    return found


def log_files(size: int) -> Iterator[Tile]:
    """Yield the files of a published log."""
    yield from hash_tiles(size)
    yield from entry_bundles(size)


def _manifest(session: Session, settings: Settings, moment: str) -> Manifest:
    revision = str(session.scalar(text("SELECT version_num FROM alembic_version")))
    if revision != migrations.head():
        raise BackupError(
            f"the schema stands at {revision}, this version is for {migrations.head()}: "
            "back up with the version that served it, or run `qilu db upgrade` first"
        )
    latest = reader.latest_checkpoint(session)
    return Manifest(
        made_at=moment,
        database="sqlite" if settings.is_sqlite else "postgresql",
        revision=revision,
        origin=settings.origin,
        keys=[str(key) for key in ring.verifiers(session, settings)],
        size=reader.size(session),
        checkpoint=latest.note if latest else "",
    )


def _add_stored(writer: Writer, settings: Settings, digests: set[str], manifest: Manifest) -> None:
    store = open_store(settings.storage_url)
    for digest in sorted(digests):
        try:
            with store.local_path(digest) as path:
                whole = writer.add(f"{FILES}/{digest}", path) == digest
        except StoreError:
            whole = False
        if not whole:
            manifest.missing.append(digest)


def _published(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def _add_log(writer: Writer, folder: Path, note: str) -> None:
    """Add the log as it stood when its checkpoint was read, not as it has grown since."""
    for tile in log_files(parse_checkpoint(parse_note(note)[0]).size):
        with suppress(FileNotFoundError):  # lost before: restoring says so, since the log is checked then
            writer.add_bytes(f"{LOG}/{tile.path}", read_tile(folder, tile))
    writer.add_bytes(f"{LOG}/{CHECKPOINT}", note.encode())


def _add_secrets(writer: Writer, home: Path, manifest: Manifest) -> None:
    manifest.secret = True
    paths = [*sorted(path for path in (home / KEYS).glob("*") if path.is_file()), home / SECRETS]
    for path in (path for path in paths if path.exists()):
        writer.add(path.relative_to(home).as_posix(), path)


def _add_named(writer: Writer, settings: Settings) -> None:
    """Add the files that settings name, unless one lies among what was added already."""
    for name, path in setting_files.members(settings):
        if name not in writer.digests:
            writer.add(name, path)
