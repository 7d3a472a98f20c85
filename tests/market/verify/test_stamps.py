"""A bundle carries the newest time stamp below its head, and the checker holds it against the log's own entries."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import current_app

from ledger.policy import parse_policy
from market import bundle, config
from market.keys import files as key_files
from market.keys import stamping
from market.oversight import publishing
from market.verify import verify_files
from tests import deals, evidence, people
from tests.authority import authority
from tests.conftest import sqlite_urls
from tests.market.verify.conftest import failed

Files = dict[str, bytes]
Stamped = tuple[Files, bytes, Callable[[bytes], bytes]]
"""A bundle with a token over an earlier head, the policy it is held against, and the exchange's own sealing."""


@pytest.fixture(scope="module")
def stamped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stamped]:
    home: Path = tmp_path_factory.mktemp("stamped")
    with authority() as tsa, evidence.exchange(sqlite_urls(home), home):
        settings = config.current()
        current_app.extensions["settings"] = replace(
            settings, ledger_tsa=tsa.url, ledger_tsa_certificates=str(tsa.root)
        )
        deal = deals.requested()
        evidence.in_force(deal)
        publishing.publish()
        stamping.publish_certificates(config.current())
        publishing.publish()
        assert len(stamping.look()) == 1
        people.applied()
        policy = f"log {publishing.keys()[0]}\nquorum none\n".encode()
        sign = key_files.load_or_make_manifest(home / "keys", "manifest").sign
        yield evidence.bundle(deal.buyer, deal.number), policy, sign


def test_the_stamp_is_checked_and_told(stamped: Stamped) -> None:
    files, policy, _sign = stamped
    report = verify_files(files, parse_policy(policy))
    assert report.consistent, failed(report)
    [(name, told)] = [(name, detail) for _o, name, detail in report.lines if name.startswith("timestamps/")]
    assert "CN=Test stamps saw the head of size " in told
    assert name.endswith(".tsr")


@pytest.mark.parametrize("change", ["token", "text", "consistency", "certificate"])
def test_another_token_head_or_certificate_is_refused(stamped: Stamped, change: str) -> None:
    files, policy = dict(stamped[0]), stamped[1]
    [token] = [name for name in files if name.endswith(".tsr")]
    stem = token.rpartition("-")[0]
    if change == "token":
        files[token] = files[token][:-1] + bytes([files[token][-1] ^ 1])
    elif change == "text":
        files[f"{stem}.text"] = files["checkpoint"].partition(b"\n\n")[0] + b"\n"
    elif change == "consistency":
        files[f"{stem}.consistency"] = b""
    else:
        with authority() as other:
            der = _base64(other.root)
        files["openings.json"] = files["openings.json"].replace(_certificate(files), der)
    report = verify_files(_sealed(files, stamped), parse_policy(policy))
    wanted = "openings" if change == "certificate" else token
    assert wanted in failed(report)


def _sealed(files: Files, stamped: Stamped) -> Files:
    """Seal changed files as the exchange could."""
    manifest = bundle.check_files(stamped[0])
    kept = {name: data for name, data in files.items() if not name.startswith("manifest.")}
    return bundle.seal(
        kept, stamped[2], trade=manifest.trade, made_at=manifest.made_at, viewer=manifest.viewer,
        withheld=manifest.withheld,
    )  # fmt: skip


def _base64(path: Path) -> bytes:
    lines = path.read_text().splitlines()
    return "".join(line for line in lines if not line.startswith("-")).encode()


def _certificate(files: Files) -> bytes:
    [found] = [
        item["value"]["public_key"]
        for item in json.loads(files["openings.json"])
        if isinstance(item["value"], dict) and item["value"].get("purpose") == "tsa"
    ]
    return str(found).encode()
