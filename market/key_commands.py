"""Commands on who signs the log and whether it may be signed; what a command needs is imported when it runs."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

FAILED: Final = 1


@click.command("keys")
def ledger_keys() -> None:
    """List the log's keys: which sign, and from which to which checkpoint each signed."""
    from market.db import read
    from market.governance import rotation
    from market.keys import ring

    with _log_keys(), read() as session:
        state = rotation.state(session)
        for key, first, last in ring.spans(session):
            reach = f"checkpoints {first} to {last or 'now'}" if first is not None else "no checkpoint yet"
            print(f"{key.row.state.value:8} {reach:32} {key.verifier}")
    if state.free_at is not None:
        print(f"both sign; the older may be retired from {state.free_at:%Y-%m-%d %H:%M} UTC")


@click.command("rotate")
def ledger_rotate() -> None:
    """Begin to change the log's key: publish a new one under the old; from then on both sign."""
    from market.governance import guard, rotation

    with _log_keys():
        guard.look_once()
        fresh = rotation.begin()
    print(
        f"{fresh}\npublished, and under a checkpoint of the old key; both sign every checkpoint from the next on"
    )
    print("back up the keys folder, tell your witnesses the new line, and later run: qilu ledger retire")


@click.command("retire")
@click.option(
    "--force", is_flag=True, help="Before the overlap of the rule book is over: the old key is in danger."
)
def ledger_retire(force: bool) -> None:
    """End the older of two log keys and destroy its private half."""
    from market.governance import guard, rotation

    with _log_keys():
        guard.look_once()
        old, left = rotation.retire(force=force)
    print(f"{old}\nretired, its private half destroyed; restart the servers, which still have it in memory")
    for place in left:
        print(f"it still stands in {place}: put the content of the newest keys/log-*.key there instead")
    sys.exit(FAILED if left else 0)


@click.command("accept")
@click.option(
    "--checkpoint",
    required=True,
    help="The newest that anybody saw: a file, or the address of a published one.",
)
def ledger_accept(checkpoint: str) -> None:
    """Let a restored exchange write whose witnesses do not answer: nobody saw more than this checkpoint."""
    from market.governance import guard

    with _log_keys():
        head = guard.accept(checkpoint)
    print(
        f"accepted: nobody saw more than {head.size} entries; the exchange writes within {guard.BEAT:.0f} s"
    )


@click.command("resume")
@click.argument("origin")
def ledger_resume(origin: str) -> None:
    """Cosign the log ORIGIN again after a restore, whatever this witness promised it since the backup."""
    from market.config import Settings
    from market.witnessing import holding

    if not holding.release(Settings.load().home, origin):
        print(f"{origin} is not on hold", file=sys.stderr)
        sys.exit(FAILED)
    print(f"{origin} is cosigned again, from the head on that this exchange knows")


@click.command("journal-key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def ledger_journal_key(file: Path) -> None:
    """Make the key that opens the journal which mirrors keep: the private half goes into FILE."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from ledger.durable import OWNER_ONLY, sync_folder
    from market import sealing

    key = X25519PrivateKey.generate()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except OSError as error:
        print(f"{file}: {error.strerror}", file=sys.stderr)
        sys.exit(FAILED)
    with os.fdopen(descriptor, "w") as written:
        written.write(f"{sealing.private_text(key)}\n")
        written.flush()
        os.fsync(written.fileno())
    sync_folder(file.absolute().parent)
    print(f"LEDGER_JOURNAL_KEY={sealing.public_text(key.public_key())}")
    print(
        f"move {file} away from this machine and never to a mirror: it opens every value that the journal seals, and "
        "without it nobody brings the journal back",
        file=sys.stderr,
    )


@click.command("authority")
def keys_authority() -> None:
    """On the exchange's machine: make the authority that certifies parties' keys, where there is none yet."""
    from market.db import read
    from market.governance import guard
    from market.keys import authority
    from market.participants import service as participants

    with _log_keys():
        guard.look_once()
        with read() as session:
            founded = participants.operator(session) is not None
        if not founded:
            print("this exchange is not founded: run qilu user create-operator", file=sys.stderr)
            sys.exit(FAILED)
        made = authority.publish()
    if made is None:
        print("the authority stands already; nothing was changed")
    else:
        print(f"made and published\nledger entry {made.entry_id}\nback up the keys folder")


@contextmanager
def _log_keys() -> Iterator[None]:
    """Open the exchange for an act on the log's keys; what the log refuses is said in one line."""
    from ledger.errors import LedgerError
    from market.app import create_app
    from market.config import Settings

    settings = Settings.load()
    settings.demand("ledger_signing_key", "secret_key")
    app = create_app(settings)
    try:
        with app.app_context():
            yield
    except LedgerError as error:
        print(error, file=sys.stderr)
        sys.exit(FAILED)
    finally:
        app.extensions["engine"].dispose()


COMMANDS: Final = (
    ledger_keys,
    ledger_rotate,
    ledger_retire,
    ledger_accept,
    ledger_resume,
    ledger_journal_key,
)
"""What ``qilu ledger`` takes from here."""
