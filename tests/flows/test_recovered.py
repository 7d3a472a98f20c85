"""Two exchanges, one of which burns down after its backup: the other one's mirror brings its log back."""

import hashlib
import io
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import requests

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.note import parse_note
from ledger.policy import parse_policy
from market.demo.client import DemoError, wait_for
from market.demo.dual import Running, introduce, pair
from market.demo.goods import Good, Shelf, weather
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


@dataclass(frozen=True)
class Ashes:
    """What is left of an exchange.

    Attributes:
        file: the backup.
        cast: its people.
        trading: carries their trades.
        good: what was sold.
        went: number of a trade that was paid and fetched after the backup.
        other: number of one that was not.
        said: what the restore from the mirror said.
        before: what the mirror held.
    """

    file: Path
    cast: Cast
    trading: Trading
    good: Good
    went: str
    other: str
    said: str
    before: Checkpoint


def burn_down(east: Home, west: Home, folder: Path, key: Path | None = None) -> Ashes:
    """Let an exchange work, back it up, work on and lose everything; restore it from the other's mirror."""
    good, file = weather(), folder / "east.tar"
    with serving(east) as processes:
        cast = Door(east.url, SHOW, processes, _passwords(east), east.apps).let_in()  # type: ignore[arg-type]
        listing = Shelf(cast, SHOW).offer(good)  # type: ignore[arg-type]
        trading = Trading(cast, SHOW)  # type: ignore[arg-type]
        went, other = trading._contract(listing), trading._contract(listing)
        processes.run("backup", "backup", str(file), "--keys")
        trading._pay(went)
        trading._fetch(went, good)
        policy = parse_policy(_trust(east).read_bytes())
        _entries, note = audit(cast.auditor, went, policy)
        wait_for(lambda: held(west, east) == policy.check(note) or None, "the mirror")
        if key is not None:
            wait_for(lambda: _is_kept(east) or None, "the journal at the mirror")
    lost = folder / "lost"
    east.folder.rename(lost)
    opened = ["--journal-key", str(key)] if key else []
    with Processes({**east.environment(), **_policies(east)}, folder / "logs") as processes:
        mirror = ["--from-mirror", f"{west.url}/witness", *opened]
        said = processes.run("restore", "restore", str(file), "--home", str(east.folder), *mirror)
    shutil.copytree(lost / "sandbox", east.folder / "sandbox")  # the payment platform did not burn down
    return Ashes(file, cast, trading, good, went, other, said, held(west, east))


def test_an_exchange_that_was_lost_goes_on_from_its_mirror(pairs: list[Home], tmp_path: Path) -> None:
    east, west = pairs
    left = burn_down(east, west, tmp_path)
    cast, trading, before, went, other = left.cast, left.trading, left.before, left.went, left.other
    assert f"to {before.size - 1} were brought back from {west.url}/witness" in left.said
    assert "without their values" in left.said
    assert "MISSING" not in left.said

    with serving(east) as processes:
        shown = cast.buyer.get(f"/api/v1/trades/{went}")
        assert (shown["frozen"], shown["possible"], shown["next"]) == (True, [], None)
        assert shown["timeline"][-1]["kind"] == "delivery.completed"
        with pytest.raises(DemoError, match="frozen"):
            cast.buyer.fetch(f"/api/v1/trades/{went}/delivery")
        wait_for(lambda: _acts(cast, went), "an exchange that writes again")
        trading._pay(other)
        trading._fetch(other, left.good)
        trading._accept(other)
        trust = _trust(east)
        _entries, note = audit(cast.auditor, other, parse_policy(trust.read_bytes()))
        head = parse_policy(trust.read_bytes()).check(note)
        assert head.size > before.size
        assert verified(processes, cast, other, trust, tmp_path / "other")
        with pytest.raises(ChildError, match="is not opened, withheld or erased"):
            verified(processes, cast, went, trust, tmp_path / "went")
        assert "stand without their values" in processes.run("fsck", "ledger", "fsck")
        wait_for(lambda: held(west, east).size >= head.size or None, "the mirror")


def test_with_its_journal_nothing_was_lost(pairs: list[Home], tmp_path: Path) -> None:
    east, west = pairs
    key = tmp_path / "journal.key"
    with Processes(east.environment(), tmp_path / "logs") as processes:
        setting = processes.run("key", "ledger", "journal-key", str(key))
    with (east.folder / "secrets.env").open("a") as secrets:
        secrets.write(setting)
    left = burn_down(east, west, tmp_path, key)
    assert f"to {left.before.size - 1} were brought back from {west.url}/witness" in left.said
    assert "without their values" not in left.said

    with serving(east) as processes:
        wait_for(lambda: _is_writing(east) or None, "an exchange that writes again")
        shown = left.cast.buyer.get(f"/api/v1/trades/{left.went}")
        assert not shown["frozen"]
        left.trading._accept(left.went)
        assert verified(processes, left.cast, left.went, _trust(east), tmp_path / "bundle")
        assert "without" not in processes.run("fsck", "ledger", "fsck")


def _is_kept(home: Home) -> bool:
    """Tell whether the mirror holds the journal as far as the log is signed."""
    told = requests.get(f"{home.url}/metrics", timeout=30).text
    behind = [line for line in told.splitlines() if line.startswith("qilu_journal_behind_entries{")]
    return len(behind) == 1 and float(behind[0].split()[-1]) == 0


def _is_writing(home: Home) -> bool:
    """Tell whether the exchange is ready for more than reading."""
    return requests.get(f"{home.url}/readyz", timeout=30).ok


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
