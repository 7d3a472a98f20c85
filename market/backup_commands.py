"""Commands that back an exchange up and bring it back; what a command needs is imported when it runs."""

import sys
from pathlib import Path
from typing import Final

import click

FAILED: Final = 1


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--keys", is_flag=True, help="Private keys and secrets.env too: who has the file can act as the exchange."
)
def backup(file: Path, keys: bool) -> None:
    """Write database, stored files and published log of one moment to FILE, while the exchange works."""
    from market.config import Settings
    from market.governance.backup import backup as make

    settings = Settings.load()
    settings.demand("ledger_signing_key")
    made = make(settings, file.absolute(), keys=keys)
    manifest = made.manifest
    print(f"{file}: {made.bytes} bytes, {manifest.size} entries, {len(manifest.files)} files")
    for digest in manifest.missing:
        print(f"missing in the storage: {digest}")
    sys.exit(FAILED if manifest.missing else 0)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--home", type=click.Path(path_type=Path), required=True, help="Folder to make; empty if it is there."
)
@click.option(
    "--checkpoint", help="A checkpoint kept elsewhere: a file, or the address of one still published."
)
@click.option(
    "--from-mirror",
    metavar="URL",
    help="A witness that mirrors this log, or any copy of it: brings back what the backup lacks.",
)
@click.option(
    "--journal-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Opens the journal that the mirror kept: what comes back has its values then.",
)
def restore(
    file: Path, home: Path, checkpoint: str | None, from_mirror: str | None, journal_key: Path | None
) -> None:
    """Put a backup back and prove it; exit 1 when it contradicts anything, or others have seen more."""
    from ledger.errors import FormError
    from market import sealing
    from market.config import Settings
    from market.governance.restore import restore as put_back
    from market.governance.restore import told

    if journal_key and not from_mirror:
        raise click.UsageError("--journal-key opens what a mirror kept: name the mirror with --from-mirror")
    try:
        journal = sealing.parse_file(journal_key.read_text("utf-8")) if journal_key else []
    except (FormError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{journal_key}: {error}") from error
    restored = put_back(
        file, home.absolute(), lambda folder: Settings.load(home=folder), checkpoint, from_mirror, journal
    )
    for line in told(restored, home):
        print(line)
    sys.exit(FAILED if restored.proof.missing else 0)


@click.command()
def drill() -> None:
    """Back up, restore apart, prove, remove; then write that it was done, and how fast, as an entry."""
    from market.app import create_app
    from market.config import Settings
    from market.db import engine, transaction
    from market.governance import guard
    from market.governance.drill import log_drill, practise

    settings = Settings.load()
    settings.demand("ledger_signing_key")
    with create_app(settings).app_context():
        guard.look_once()
        figures = practise(settings)
        with transaction() as session:
            step = log_drill(session, figures)
        engine().dispose()
    print(
        f"{figures.entries} entries and {figures.files} files: {figures.bytes} bytes backed up in "
        f"{figures.backup_ms / 1000:.1f} s, restored and proved in {figures.restore_ms / 1000:.1f} s\n"
        f"ledger entry {step.id}"
    )


COMMANDS: Final = (backup, restore, drill)
"""What ``qilu`` takes from here."""
