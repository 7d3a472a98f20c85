"""The auditor's check of evidence: entries, their proofs and the checkpoint, without the exchange.

Reads one proof (``NAME.tlog-proof`` beside its leaf ``NAME.json``) or what concerns the log in a whole evidence
bundle, a folder or a ``.zip``: its entries, and the proofs by which a change of the log's key is followed. Keys come
from a trust policy got elsewhere; without one the evidence is held against the policy it brings itself, which shows
only that it agrees with itself, and the first line says UNPINNED.
"""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from ledger import entry as entries
from ledger import zipped
from ledger.audit import audit, told
from ledger.checkpoint import CHECKPOINT
from ledger.errors import FormError, LedgerError
from ledger.evidence import (
    CONSISTENCY,
    ENTRIES,
    LEAF,
    OPENINGS,
    POLICY,
    PROOF,
    ROTATIONS,
    Held,
    hold,
    proofs,
    require_order,
    require_pairs,
)
from ledger.note import MAX_NOTE
from ledger.policy import MAX_POLICY, Policy, parse_policy
from ledger.proof import MAX_PROOF
from ledger.rotation import follow
from ledger.tiles import read_upto

CONSISTENT, FAILED, USAGE = 0, 1, 2
_MAX_FILES = 10_000
_MAX_BYTES = 512 * 1024 * 1024
_MAX_OPENINGS = 64 * 1024 * 1024
_MAX_PATH = 4096
"""Bytes of a consistency proof: 63 hashes in base64, a line each."""
_FILES = {POLICY: MAX_POLICY, CHECKPOINT: MAX_NOTE, OPENINGS: _MAX_OPENINGS}
_FOLDERS = {ENTRIES: {PROOF: MAX_PROOF}, ROTATIONS: {PROOF: MAX_PROOF, CONSISTENCY: _MAX_PATH}}

_HELP = """usage: python -m ledger verify PROOF|BUNDLE [--trust FILE]
       python -m ledger fsck FOLDER --trust FILE

Checks that entries stand in the log under a signed checkpoint; fsck: that a published log agrees with itself.
  PROOF         NAME.tlog-proof, with the entry in NAME.json beside it
  BUNDLE        an evidence bundle: a folder or a .zip of it
  FOLDER        a published log: checkpoint and tile/, as served, copied or mirrored
  --trust FILE  the log and witness keys to trust (C2SP tlog-policy), got elsewhere
Exit status: 0 consistent, 1 a check failed, 2 wrong usage.
"""


def main(arguments: list[str], out: TextIO = sys.stdout) -> int:
    """Run the command line; one line a check is written to `out`.

    Returns:
        0 when every check held, 1 when one failed, 2 when the command was not understood.
    """
    match arguments:
        case ["verify", evidence] if not evidence.startswith("-"):
            return _run(Path(evidence), None, out)
        case ["verify", evidence, "--trust", trust] | ["verify", "--trust", trust, evidence]:
            return _run(Path(evidence), Path(trust), out)
        case ["fsck", folder, "--trust", trust] | ["fsck", "--trust", trust, folder]:
            return _fsck(Path(folder), Path(trust), out)
    out.write(_HELP)
    return USAGE


def _run(evidence: Path, trust: Path | None, out: TextIO) -> int:
    if not evidence.exists() or (trust is not None and not trust.is_file()):
        out.write(f"no such file: {trust if evidence.exists() else evidence}\n")
        return USAGE
    if trust is None:
        out.write(
            "UNPINNED: held against the keys the evidence brings itself; pin others with --trust FILE\n"
        )
    try:
        files = _load(evidence)
        policy = _policy(files, trust)
    except (LedgerError, OSError) as error:
        out.write(f"FAIL evidence: {error}\n")
        return FAILED
    if policy is None:
        out.write("this evidence brings no policy: name one with --trust FILE\n")
        return USAGE
    failed = False
    for held, line in check(files, policy):
        failed = failed or not held
        out.write(f"{'ok  ' if held else 'FAIL'} {line}\n")
    return FAILED if failed else CONSISTENT


def _fsck(folder: Path, trust: Path, out: TextIO) -> int:
    for needed in (folder, trust):
        if not needed.exists():
            out.write(f"no such file: {needed}\n")
            return USAGE
    try:
        made = audit(folder, parse_policy(trust.read_bytes()))
    except (LedgerError, OSError) as error:
        out.write(f"{trust} is not a trust policy: {error}\n")
        return USAGE
    out.writelines(f"{line}\n" for line in told(made))
    return FAILED if made.findings else CONSISTENT


def check(files: Mapping[str, bytes], policy: Policy) -> Iterator[tuple[bool, str]]:
    """Yield, entry after entry, whether it stands in the log, and a line that says so.

    Args:
        files: Name to bytes, of a bundle or of one proof and its leaf.
        policy: The keys to trust; in a bundle also those that they lead to by its ``rotations/``.
    """
    for name in proofs(files, ROTATIONS):
        try:
            policy, said = follow(files, name, policy)
        except LedgerError as error:
            yield False, f"{name}: {error}"
        else:
            if said is not None:
                yield True, f"{name}: {said}"
    is_bundle = any(name.startswith(ENTRIES) for name in files)
    named = proofs(files, ENTRIES if is_bundle else "")
    if not named:
        yield False, "entries: the evidence holds no proof"
    found: list[Held] = []
    for name in named:
        try:
            held = hold(files, name, policy)
        except LedgerError as error:
            yield False, f"{name}: {error}"
        else:
            found.append(held)
            where = f"entry {held.index} of {held.head.size} in {held.head.origin}"
            yield True, f"{name}: {held.entry.kind} is {where}"
    if is_bundle:
        yield from _together(files, found, whole=len(found) == len(named))
    if found:
        head = found[0].head
        by = _names(policy, found[0].note)
        yield True, f"checkpoint: {head.size} entries in {head.origin}, cosigned by {by}"


def _together(files: Mapping[str, bytes], found: list[Held], *, whole: bool) -> Iterator[tuple[bool, str]]:
    """Yield what a bundle's entries are to each other; their order only when each of them was read."""
    try:
        require_pairs(files, [held.entry for held in found])
        if whole:
            require_order({held.index: held.entry for held in found})
    except LedgerError as error:
        yield False, f"entries: {error}"
    else:
        if whole:
            yield True, f"entries: {len(found)}, each with its proof, each object's without a gap"


def _names(policy: Policy, note: str) -> str:
    named = [f"{key.name} at {_time(seconds)}" for key, seconds in policy.cosigners(note)]
    return ", ".join(named) or "no witness that the policy names"


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return f"{seconds} seconds after 1970"


def _policy(files: Mapping[str, bytes], trust: Path | None) -> Policy | None:
    if trust is not None:
        return parse_policy(trust.read_bytes())
    return parse_policy(files[POLICY]) if POLICY in files else None


def _load(evidence: Path) -> dict[str, bytes]:
    """Read what concerns the log, with a limit on every file; other files of a bundle are left alone."""
    if evidence.is_dir():
        return _load_folder(evidence)
    if evidence.suffix == ".zip":
        return zipped.read(
            evidence, lambda name: _limit(name) or 0, most_files=_MAX_FILES, most_bytes=_MAX_BYTES
        )
    beside = {evidence: MAX_PROOF, evidence.with_suffix(LEAF): entries.MAX_LEAF}
    found = {path.name: _bounded(path, limit) for path, limit in beside.items() if path.is_file()}
    policy = evidence.parent.parent / POLICY
    return found | ({POLICY: _bounded(policy, MAX_POLICY)} if policy.is_file() else {})


def _load_folder(folder: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for path in (
        *(folder / name for name in _FILES),
        *(one for part in _FOLDERS for one in folder.glob(f"{part}*")),
    ):
        name = path.relative_to(folder).as_posix()
        limit = _limit(name)
        if limit is None or not path.is_file():
            continue
        files[name] = _bounded(path, limit)
        if len(files) > _MAX_FILES or sum(map(len, files.values())) > _MAX_BYTES:
            raise FormError("there is more in it than a bundle may hold")
    return files


def _limit(name: str) -> int | None:
    """Return how many bytes a file of a bundle may have; None for one that does not concern the log."""
    folder, slash, rest = name.partition("/")
    if not slash:
        return _FILES.get(name)
    endings = _FOLDERS.get(folder + slash)
    return None if endings is None else endings.get(Path(rest).suffix, entries.MAX_LEAF)


def _bounded(path: Path, limit: int) -> bytes:
    data = read_upto(path, limit + 1)
    if len(data) > limit:
        raise FormError(f"{path.name} is too large")
    return data
