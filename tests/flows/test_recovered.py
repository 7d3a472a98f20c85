"""Two exchanges, one of which burns down after its backup: the other one's mirror brings its log back."""

import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest
import requests

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.note import parse_note
from ledger.policy import parse_policy
from market.demo.client import DemoError, wait_for
from market.demo.dual import Running, introduce, pair
from market.demo.goods import Shelf, weather
from market.demo.home import Home
from market.demo.joining import Cast, Door
from market.demo.processes import ChildError, Processes
from market.demo.running import _passwords, _start, _trust
from market.demo.trading import Trading, audit
from tests.flows.hall import Silent

pytestmark = pytest.mark.sqlite
SHOW: Final = Silent()


@contextmanager
def serving(home: Home) -> Iterator[Processes]:
    """Run an exchange and its payment platform."""
    with Processes(home.environment(), home.folder / "logs") as processes:
        _start([(home, processes)], SHOW)  # type: ignore[arg-type]
        yield processes


@pytest.fixture
def pairs(tmp_path: Path) -> Iterator[list[Home]]:
    """Two exchanges that know each other; the second one runs."""
    homes = pair(tmp_path / "two", None)
    with ExitStack() as running:
        exchanges: list[Running] = [
            (home, running.enter_context(Processes(home.environment(), home.folder / "logs")))
            for home in homes
        ]
        introduce(exchanges, running, SHOW)  # type: ignore[arg-type]
        running.enter_context(serving(homes[1]))
        yield homes


def held(mirror: Home, of: Home) -> Checkpoint:
    """Return the head that one exchange holds of the other's log."""
    name = hashlib.sha256(of.origin.encode()).hexdigest()
    return parse_checkpoint(
        parse_note(requests.get(f"{mirror.url}/witness/{name}/checkpoint", timeout=30).text)[0]
    )


def verified(processes: Processes, cast: Cast, number: str, trust: Path, folder: Path) -> str:
    """Export the bundle of a trade and verify it offline."""

    def bundle() -> bytes | None:
        try:
            return cast.auditor.fetch(f"/api/v1/trades/{number}/bundle.zip").content
        except DemoError as error:
            if error.status == 503:
                return None
            raise

    with zipfile.ZipFile(io.BytesIO(wait_for(bundle, "the evidence bundle"))) as files:
        files.extractall(folder)
    return processes.run("verify", "verify", str(folder), "--trust", str(trust))


def test_an_exchange_that_was_lost_goes_on_from_its_mirror(pairs: list[Home], tmp_path: Path) -> None:
    east, west = pairs
    good, file = weather(), tmp_path / "east.tar"
    with serving(east) as processes:
        cast = Door(east.url, SHOW, processes, _passwords(east)).let_in()  # type: ignore[arg-type]
        listing = Shelf(cast, SHOW).offer(good)  # type: ignore[arg-type]
        trading = Trading(cast, SHOW)  # type: ignore[arg-type]
        frozen, other = trading._contract(listing), trading._contract(listing)
        processes.run("backup", "backup", str(file), "--keys")
        trading._pay(frozen)
        trading._fetch(frozen, good)
        policy = parse_policy(_trust(east).read_bytes())
        _entries, note = audit(cast.auditor, frozen, policy)
        wait_for(lambda: held(west, east) == policy.check(note) or None, "the mirror")
    lost = tmp_path / "lost"
    east.folder.rename(lost)

    with Processes({**east.environment(), **_policies(east)}, tmp_path / "logs") as processes:
        said = processes.run(
            "restore",
            "restore",
            str(file),
            "--home",
            str(east.folder),
            "--from-mirror",
            f"{west.url}/witness",
        )
    before = held(west, east)
    assert f"to {before.size - 1} were brought back from {west.url}/witness" in said
    assert "without their values" in said
    assert "MISSING" not in said
    shutil.copytree(lost / "sandbox", east.folder / "sandbox")  # the payment platform did not burn down

    with serving(east) as processes:
        shown = cast.buyer.get(f"/api/v1/trades/{frozen}")
        assert (shown["frozen"], shown["possible"], shown["next"]) == (True, [], None)
        assert shown["timeline"][-1]["kind"] == "delivery.completed"
        with pytest.raises(DemoError, match="frozen"):
            cast.buyer.fetch(f"/api/v1/trades/{frozen}/delivery")
        wait_for(lambda: _acts(cast, frozen), "an exchange that writes again")
        trading._pay(other)
        trading._fetch(other, good)
        trading._accept(other)
        trust = _trust(east)
        _entries, note = audit(cast.auditor, other, parse_policy(trust.read_bytes()))
        head = parse_policy(trust.read_bytes()).check(note)
        assert head.size > before.size
        assert verified(processes, cast, other, trust, tmp_path / "other")
        with pytest.raises(ChildError, match="is not opened, withheld or erased"):
            verified(processes, cast, frozen, trust, tmp_path / "frozen")
        assert "stand without their values" in processes.run("fsck", "ledger", "fsck")
        wait_for(lambda: held(west, east).size >= head.size or None, "the mirror")


def _policies(home: Home) -> dict[str, str]:
    """Return the settings that name the two files, which come back with the backup."""
    return {"LEDGER_POLICY": str(home.witnesses), "LEDGER_WITNESSED": str(home.watched)}


def _acts(cast: Cast, number: str) -> bool | None:
    """Tell whether the exchange decides again; of a frozen trade it decides that nothing follows."""
    try:
        cast.buyer.post(f"/api/v1/trades/{number}/acceptance")
    except DemoError as error:
        if error.status == 409 and "frozen" in str(error):
            return True
        if error.status != 503:
            raise
        return None
    raise AssertionError("a step followed")
