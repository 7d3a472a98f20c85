"""Checks an evidence bundle offline: no database, no network, no trust in the exchange that wrote it.

What is trusted comes from outside, in a policy file (C2SP tlog-policy) with the log's and the witnesses' keys; every
other key must be opened from a key entry that stands in that log. The rules of a trade are written out here again, on
purpose: a checker that asked the code it checks would agree with its faults.

Each check is one line, ``ok``, ``FAIL`` or ``note`` (something that could not be checked here, and why).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from ledger.errors import LedgerError
from ledger.evidence import POLICY, ROTATIONS, proofs
from ledger.policy import Policy, parse_policy
from ledger.rotation import follow
from ledger.verify import CONSISTENT, FAILED, USAGE
from market import bundle
from market.bundle import BundleError
from market.verify import attestations, contract, evidence, offer, stamps, trade
from market.verify.report import Report

UNPINNED = "UNPINNED: held against the keys the evidence brings itself; pin others with --trust FILE"


def main(path: Path, trust: Path | None, out: TextIO) -> int:
    """Check a bundle and write the report.

    Args:
        path: the bundle, a folder or a ``.zip``.
        trust: the policy file to pin; None to hold the bundle against itself.
        out: where the lines go.

    Returns:
        0 consistent, 1 a check failed, 2 a file is not there or the policy cannot be read.
    """
    for needed in (path, trust):
        if needed is not None and not needed.exists():
            out.write(f"no such file: {needed}\n")
            return USAGE
    policy = None
    if trust is not None:
        try:
            policy = parse_policy(trust.read_bytes())
        except (LedgerError, OSError) as error:
            out.write(f"{trust} is not a trust policy: {error}\n")
            return USAGE
    report = verify_bundle(path, policy)
    out.write(report.text())
    return CONSISTENT if report.consistent else FAILED


def verify_bundle(path: Path, trust: Policy | None = None) -> Report:
    """Check everything in a bundle.

    Args:
        path: a folder or a ``.zip``.
        trust: the keys to trust; None takes the bundle's own, and the report begins with UNPINNED.
    """
    try:
        files = bundle.read(path)
    except BundleError as error:
        report = Report(None if trust else UNPINNED)
        report.fail("files", str(error))
        return report
    return verify_files(files, trust)


def verify_files(files: Mapping[str, bytes], trust: Policy | None = None) -> Report:
    """Check everything in a bundle that was read already; else as `verify_bundle`."""
    report = Report(None if trust else UNPINNED)
    with report.checking("files"):
        manifest = bundle.check_files(files)
        report.ok("files", f"{len(files)} files, each the one the manifest names; trade {manifest.trade}")
        if trust is None:
            trust = parse_policy(_own_policy(files))
    if not report.consistent or trust is None:
        return report
    for name in proofs(files, ROTATIONS):
        with report.checking(name):
            trust, said = follow(files, name, trust)
            if said is not None:
                report.ok(name, said)
    found = evidence.check(report, files, manifest, trust)
    if found is not None:
        contract.check(report, found)
        offer.check(report, found)
        trade.check(report, found)
        attestations.check(report, found)
        stamps.check(report, found)
        if report.consistent:
            evidence.tell_reach(report, found)
    return report


def _own_policy(files: Mapping[str, bytes]) -> bytes:
    if POLICY not in files:
        raise BundleError(f"it brings no {POLICY}: name a policy with --trust FILE")
    return files[POLICY]
