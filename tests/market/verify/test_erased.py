"""What a step destroyed is told; whatever else cannot be opened is a failure."""

import json
import uuid

import pytest

from ledger import canonical
from ledger.entry import ERASURE, Entry
from tests.market.verify.conftest import Sold, failed, leaves_of

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("unset")]


def erasure_of(sold: Sold, entry_id: str, field: str) -> tuple[Entry, dict[int, Entry]]:
    """Return an entry that says an opening is destroyed, and every leaf with it as the last."""
    leaves = leaves_of(sold.files)
    time = next(iter(leaves.values())).time
    pairs = ((uuid.UUID(entry_id), field),)
    erasure = Entry(uuid.uuid4(), ERASURE, "z" * 26, 0, 1, time, {"step": "ab" * 32}, pairs)
    return erasure, {**leaves, max(leaves) + 1: erasure}


def test_what_was_erased_is_told_and_what_was_lost_is_a_failure(sold: Sold) -> None:
    manifest = json.loads(sold.files["manifest.json"])
    entry_id, field = next(pair for pair in manifest["withheld"] if pair[1].endswith(".preview"))
    kept = tuple(tuple(pair) for pair in manifest["withheld"] if pair != [entry_id, field])
    assert failed(sold.verify(sold.sealed(sold.files, withheld=kept))) == ["openings"]
    erasure, leaves = erasure_of(sold, entry_id, field)
    withheld = (*kept, (str(erasure.id), "step"))
    report = sold.verify(sold.sealed(sold.logged(sold.files, leaves), withheld=withheld))
    assert report.consistent, report.text()
    told = f"{field}: erased by entry {max(leaves)}"
    assert any(line.endswith(told) for line in report.text().splitlines())


def test_only_a_personal_value_can_be_erased(sold: Sold) -> None:
    openings = json.loads(sold.files["openings.json"])
    entry_id = next(one["entry"] for one in openings if one["field"] == "contract")
    kept = [one for one in openings if (one["entry"], one["field"]) != (entry_id, "contract")]
    erasure, leaves = erasure_of(sold, entry_id, "contract")
    files = {**sold.logged(sold.files, leaves), "openings.json": canonical.encode(kept)}
    withheld = tuple(tuple(pair) for pair in json.loads(sold.files["manifest.json"])["withheld"])
    report = sold.verify(sold.sealed(files, withheld=(*withheld, (str(erasure.id), "step"))))
    assert failed(report) == ["openings"]
    assert "contract is no personal value" in report.text()
