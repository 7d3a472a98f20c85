"""fsck of what is not this exchange's own database: a folder of tiles, a mirror, a backup's database file."""

from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from ledger.errors import LedgerError
from ledger.note import VerifierKey, parse_signer, parse_verifier
from ledger.policy import Policy, parse_policy
from market.config import Settings, SettingsError
from market.oversight import checking


def examine(
    folder: Path | None,
    database: Path | None,
    keys: Sequence[str],
    policy: Path | None,
    settings: Callable[[], Settings],
) -> tuple[bool, list[str]]:
    """Examine a copy.

    Args:
        folder: a published log.
        database: an SQLite file; with a folder the one is held against the other.
        keys: the log's public keys, as text.
        policy: a file with the log's and its witnesses' keys.
        settings: gives this exchange's own key, asked for only when no other key is named.

    Returns:
        Whether all is well, and the lines that say what was found.

    Raises:
        SettingsError: no key is named and this exchange has none, or a key or policy cannot be read.
    """
    trusted = _policy(keys, policy, settings)
    if database is None:
        if folder is None:
            raise ValueError("neither a folder nor a database")
        return checking.examine_folder(folder, trusted)
    try:
        found = checking.examine_file(database, folder, trusted.logs)
    except DBAPIError as error:
        return False, [f"{database}: is no database of an exchange of this revision: {error.orig}"]
    count = f"{len(found.faults)} faults" if found.faults else "no faults"
    return not found.faults, [*found.faults, *found.gone, f"{found.entries} entries, {count}"]


def _policy(keys: Sequence[str], policy: Path | None, settings: Callable[[], Settings]) -> Policy:
    try:
        named: list[VerifierKey] = [parse_verifier(key) for key in keys]
        read = parse_policy(policy.read_bytes()) if policy is not None else Policy(quorum="none")
    except (LedgerError, OSError) as error:
        raise SettingsError(f"key or policy: {error}") from error
    read.logs += [key for key in named if key not in read.logs]
    if not read.logs:
        own = settings()
        own.demand("ledger_signing_key")
        read.logs.append(parse_signer(own.ledger_signing_key).verifier)
    return read
