"""The auditor's check of evidence: entries, their proofs and the checkpoint, without the exchange.

Reads one proof (``NAME.tlog-proof`` beside its leaf ``NAME.json``) or the ``entries`` of a whole evidence bundle, a
folder or a ``.zip``. Keys come from a trust policy got elsewhere; without one the evidence is held against the policy
it brings itself, which shows only that it agrees with itself, and the first line says UNPINNED.
"""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from ledger import entry as entries
from ledger import zipped
from ledger.audit import audit, told
from ledger.checkpoint import Checkpoint
from ledger.errors import FormError, LedgerError
from ledger.policy import MAX_POLICY, Policy, parse_policy
from ledger.proof import MAX_PROOF, parse_proof

PROOF = ".tlog-proof"
LEAF = ".json"
ENTRIES = "entries/"
POLICY = "trust-policy.txt"
"""The policy a bundle carries in its root; convenient, and worth nothing as evidence."""

CONSISTENT, FAILED, USAGE = 0, 1, 2
_LIMITS = {PROOF: MAX_PROOF, LEAF: entries.MAX_LEAF, ".txt": MAX_POLICY}
_MAX_FILES = 10_000

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
        files: Name to bytes; proofs are the names ending in ``.tlog-proof``, their leaves end in ``.json``.
        policy: The keys to trust.
    """
    proofs = sorted(name for name in files if name.endswith(PROOF))
    if not proofs:
        yield False, "entries: the evidence holds no proof"
    heads: dict[Checkpoint, str] = {}
    for name in proofs:
        leaf = files.get(name.removesuffix(PROOF) + LEAF)
        try:
            if leaf is None:
                raise FormError("the entry itself is missing")
            kind, proof = entries.parse(leaf).kind, parse_proof(files[name])
            head = proof.check(leaf, policy)
        except LedgerError as error:
            yield False, f"{name}: {error}"
        else:
            heads[head] = proof.checkpoint
            yield True, f"{name}: {kind} is entry {proof.index} of {head.size} in {head.origin}"
    for head, note in heads.items():
        yield True, f"checkpoint: {head.size} entries in {head.origin}, cosigned by {_names(policy, note)}"
    if len(heads) > 1:
        yield (
            False,
            "checkpoint: the proofs stand under different checkpoints, which may be different histories",
        )


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
        paths = [*evidence.glob(f"{ENTRIES}*"), evidence / POLICY]
        return {
            path.relative_to(evidence).as_posix(): _bounded(path)
            for path in paths
            if path.is_file() and path.suffix in _LIMITS
        }
    if evidence.suffix == ".zip":
        return _load_zip(evidence)
    found = {path.name: _bounded(path) for path in (evidence, evidence.with_suffix(LEAF)) if path.is_file()}
    policy = evidence.parent.parent / POLICY
    return found | ({POLICY: _bounded(policy)} if policy.is_file() else {})


def _load_zip(path: Path) -> dict[str, bytes]:
    def limit_of(name: str) -> int:
        ours = name == POLICY or name.startswith(ENTRIES)
        return _LIMITS.get(Path(name).suffix, 0) if ours else 0

    return zipped.read(path, limit_of, most_files=_MAX_FILES, most_bytes=_MAX_FILES * MAX_PROOF)


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return _within(file.read(_LIMITS.get(path.suffix, MAX_PROOF) + 1), path.name)


def _within(data: bytes, name: str) -> bytes:
    if len(data) > _LIMITS.get(Path(name).suffix, MAX_PROOF):
        raise FormError(f"{name} is too large")
    return data
