"""Restoring: a backup becomes an exchange again, after it has proved itself.

Everything is built and checked in a folder beside the wanted one, which takes the name in one rename; on PostgreSQL in
the empty database that the settings name. That an exchange was restored is a step of its own, written when it works
again and its guard has found nothing against it: until then a note of it lies in its folder.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.errors import LedgerError
from ledger.models import LedgerWitnessed
from ledger.note import VerifierKey, parse_verifier
from market import db, migrations, trust
from market.config import Settings
from market.governance import afterwards, heads, recovering, replaying, setting_files, snapshot
from market.governance.archive import BackupError, DamagedError, Manifest, unpack
from market.governance.backup import FILES, LOG
from market.governance.heads import Head
from market.governance.proving import Proof, prove
from market.governance.recovering import Recovered
from market.governance.setting_files import inside
from market.keys import ring
from market.storage import open_store
from market.witnessing import holding

Load = Callable[[Path], Settings]
"""Reads the settings of a folder: those of the environment, and of the ``secrets.env`` that may have been restored."""


@dataclass(frozen=True)
class Restored:
    """An exchange that lies in its place again.

    Attributes:
        manifest: what the backup says of itself.
        proof: what checking it came to.
        held: the logs that it does not cosign for now (:mod:`market.witnessing.holding`).
        recovered: what came back from a mirror; None when none was asked.
    """

    manifest: Manifest
    proof: Proof
    held: list[str]
    recovered: Recovered | None = None


def restore(
    file: Path,
    home: Path,
    load: Load,
    checkpoint: str | None = None,
    mirror: str | None = None,
    journal: Sequence[X25519PrivateKey] = (),
) -> Restored:
    """Put a backup into a fresh folder (and, on PostgreSQL, an empty database) and prove it.

    Args:
        file: the backup.
        home: the folder to make; it may be there, but not hold anything.
        load: reads the settings for a folder.
        checkpoint: file or address of a checkpoint kept elsewhere.
        mirror: address or folder of a copy of the log, to bring back from it what the backup lacks.
        journal: keys that open the log's journal, which the mirror is then asked for.

    Returns:
        What was restored. Entries that others have seen and the backup does not have are ``proof.missing``: the
        exchange lies in its place, but will not write.

    Raises:
        BackupError: the folder or the database holds something, or the backup contradicts itself, what others have
            seen or the mirror; nothing was put in place.
        SettingsError: a setting is missing.
    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise BackupError(f"{home} holds something already")
    home.parent.mkdir(parents=True, exist_ok=True)
    with _beside(home) as fresh:
        manifest = unpack(file, fresh)
        settings = _within(load(fresh), home.resolve(), fresh)
        if manifest.database != ("sqlite" if settings.is_sqlite else "postgresql"):
            raise BackupError(f"the backup is of {manifest.database}: set DATABASE_URL accordingly")
        snapshot.require_empty(settings)
        with _emptied_on_failure(settings):
            snapshot.put(settings, fresh, manifest.revision)
            shutil.rmtree(fresh / snapshot.FOLDER, ignore_errors=True)
            _store(settings, fresh / FILES, manifest.missing)
            with _named_files():
                keys = _keys(settings, manifest)
                seen = list(_seen(settings, keys, checkpoint))
            proof = _proved(settings, fresh, manifest.missing, keys, seen)
            recovered = None
            if mirror is not None:
                with _named_files():
                    ask = replaying.asking(settings, mirror, keys, journal) if journal else None
                recovered = recovering.recover(
                    settings, fresh / LOG, keys, mirror, afterwards.digest_of(file), ask
                )
                lacking = [*manifest.missing, *recovered.files]
                proof = _proved(settings, fresh, lacking, keys, seen, recovered.size)
            held = _watched(settings)
            holding.hold(fresh, held)
            afterwards.leave_note(fresh, file, manifest)
            with suppress(FileNotFoundError):
                home.rmdir()
            fresh.rename(home)
    return Restored(manifest, proof, held, recovered)


def told(restored: Restored, home: Path) -> Iterator[str]:
    """Yield what an operator should know of it, line by line.

    Args:
        restored: what :func:`restore` returned.
        home: where it lies now.
    """
    manifest, proof = restored.manifest, restored.proof
    yield f"restored to {home}: {proof.entries} entries as of {manifest.made_at}, each row as committed"
    for digest in manifest.missing:
        yield f"the backup was made without the stored file {digest}"
    if restored.recovered is not None:
        yield from recovering.told(restored.recovered)
    for head in proof.agrees:
        yield f"begins with what {head.where} holds: {head.size} entries"
    for head in proof.behind:
        yield f"{head.where} holds {head.size} entries"
    if proof.missing:
        yield (
            f"MISSING: entries {proof.missing.start} to {proof.missing.stop - 1}. The exchange will be read-only; "
            "restore a newer backup if there is one"
        )
    elif not proof.agrees:
        yield "UNPINNED: compared with no checkpoint kept elsewhere (--checkpoint, LEDGER_POLICY)"
    for origin in restored.held:
        yield (
            f"{origin} is not cosigned before it shows what this exchange cosigned last, or you run: "
            f"qilu ledger resume {origin}"
        )
    if not manifest.secret:
        yield f"keys and secrets were not in it: put them to {home}/keys and {home}/secrets.env"


def _within(settings: Settings, home: Path, fresh: Path) -> Settings:
    """Return settings whose folders below the wanted one lie below the one that is built."""
    settings = setting_files.moved(settings, home, fresh)
    if settings.is_sqlite:
        file = inside(snapshot.database_file(settings).absolute(), home, fresh)
        settings = replace(settings, database_url=f"sqlite:///{file}")
    stored = urlsplit(settings.storage_url)
    if stored.scheme in {"", "file"}:
        settings = replace(
            settings, storage_url=inside(Path(unquote(stored.path)).absolute(), home, fresh).as_uri()
        )
    return settings


@contextmanager
def _beside(home: Path) -> Iterator[Path]:
    """Lend a folder on the same disk; what is left of it in the end is removed."""
    with tempfile.TemporaryDirectory(prefix=f".{home.name}-", dir=home.parent) as folder:
        fresh = Path(folder) / "home"
        fresh.mkdir(mode=0o700)
        yield fresh


@contextmanager
def _emptied_on_failure(settings: Settings) -> Iterator[None]:
    """Leave a database of a server as empty as it was found when restoring into it fails."""
    try:
        yield
    except BaseException:
        if not settings.is_sqlite:
            migrations.downgrade(settings, "base")
        raise


def _store(settings: Settings, folder: Path, lacking: Sequence[str]) -> None:
    """Put the files into the store, which gives them their names anew; what was damaged before is left out."""
    store = open_store(settings.storage_url)
    for path in (path for path in folder.glob("*") if path.name not in lacking):
        with path.open("rb") as file:
            blob = store.put_stream(iter(lambda: file.read(256 * 1024), b""), path.stat().st_size)
        if blob.digest != path.name:
            raise DamagedError(f"the stored file {path.name} was changed")
        path.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _proved(
    settings: Settings,
    fresh: Path,
    lacking: Sequence[str],
    keys: Sequence[VerifierKey],
    seen: Sequence[Head],
    upto: int | None = None,
) -> Proof:
    """Prove what lies in the folder that is built.

    Raises:
        DamagedError: it does not hold.
    """
    engine = db.engine_for(settings.database_url)
    try:
        store = open_store(settings.storage_url)
        proof = prove(engine, fresh / LOG, store, keys, seen, lacking, upto)
    finally:
        engine.dispose()
    if proof.faults:
        raise DamagedError("; ".join(proof.faults[:3]))
    return proof


def _watched(settings: Settings) -> list[str]:
    """Return the logs that this exchange cosigned before the backup, or may have begun to cosign after it."""
    with _named_files():
        named = {key.name for key in trust.witnessed(settings).logs}
    engine = db.engine_for(settings.database_url)
    try:
        with Session(engine.execution_options(door="read")) as session:
            return sorted(named.union(session.scalars(select(LedgerWitnessed.origin).distinct())))
    finally:
        engine.dispose()


@contextmanager
def _named_files() -> Iterator[None]:
    """Say it in one line when a key or a file that the settings name cannot be used."""
    try:
        yield
    except (OSError, LedgerError) as error:
        raise BackupError(
            f"a key or a file that the settings name cannot be used: {error}; one that lay outside of the exchange's "
            f"folder is in the backup: LEDGER_POLICY={setting_files.OUTSIDE}/ledger_policy"
        ) from error


def _keys(settings: Settings, manifest: Manifest) -> list[VerifierKey]:
    """Return the log's keys: those that the operator holds, and those that the backup names."""
    own = [signer.verifier for signer in ring.private(settings)]
    return list(dict.fromkeys([*own, *map(parse_verifier, manifest.keys)]))


def _seen(settings: Settings, keys: Sequence[VerifierKey], checkpoint: str | None) -> Iterator[Head]:
    if checkpoint is not None:
        yield heads.kept(checkpoint, keys)
    if heads.has_witnesses(settings):
        yield from heads.witnessed(settings, keys, heads.PATIENCE)
