"""Every operation, as the description says it: no server error, no deviation, no credential accepted wrongly."""

import sys
from pathlib import Path

import pytest

from tests import evidence
from tests.conftest import CI, sqlite_urls
from tests.openapi import fuzzing, world

EXAMPLES = 100 if CI else 10


@pytest.mark.openapi
def test_every_answer_is_the_described_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with evidence.exchange(sqlite_urls(tmp_path), tmp_path) as app:
        found = fuzzing.fuzz(app, world.built(), EXAMPLES)
    with capsys.disabled():
        sys.stdout.write(f"\n{found.summary()}\n")
    assert not found.errors
    assert not found.failures, "\n\n".join(f"{what}\n{how}" for what, how in found.failures.items())
