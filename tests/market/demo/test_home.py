"""The demo's folder: what it writes once must be there after a power cut."""

from pathlib import Path
from typing import Any

import pytest

from ledger import durable
from market.demo import home


def test_secrets_and_passwords_are_written_to_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log's own key is among them: an empty file after a power cut would end the log."""
    made: list[tuple[str, Any]] = []

    def replace(path: Path, data: bytes, **how: Any) -> None:
        made.append((path.name, how["mode"]))
        durable.replace(path, data, **how)

    monkeypatch.setattr(home, "replace", replace)
    prepared = home.prepare(tmp_path / "home", None)
    prepared.passwords(["a@example.org"])
    assert made == [("secrets.env", durable.OWNER_ONLY), ("people.json", durable.OWNER_ONLY)]
    assert home.prepare(tmp_path / "home", None).passwords(["a@example.org"]) == prepared.passwords(
        ["a@example.org"]
    )
    assert len(made) == 2
