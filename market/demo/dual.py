"""Two exchanges on one machine, each the witness and mirror of the other: two settings each make them so."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from market.demo.home import Home, prepare
from market.demo.processes import ChildError, Processes
from market.demo.show import Show

NAMES: Final = ("east", "west")
"""The folders, and the beginnings of the logs' names; a domain for examples (RFC 2606)."""
PORTS: Final = 2
"""How far the ports of the second exchange lie from those of the first."""

Running = tuple[Home, Processes]


def pair(folder: Path, port: int | None) -> list[Home]:
    """Make the folders of both exchanges, or keep what is there.

    Args:
        folder: holds one folder for each.
        port: of the first exchange; any free ones when None.

    Raises:
        PortTakenError: something else listens there.
        ChildError: a database is set that both would write to.
    """
    homes = [
        prepare(folder / name, None if port is None else port + PORTS * place, f"{name}.example/log")
        for place, name in enumerate(NAMES)
    ]
    if any("DATABASE_URL" in home.environment() for home in homes):
        raise ChildError("the demo of two", "each exchange has its own database: unset DATABASE_URL")
    return homes


def introduce(exchanges: Sequence[Running], running: ExitStack, show: Show) -> list[Running]:
    """Give each exchange the other's lines, as two operators would by mail, and start over with them.

    Args:
        exchanges: both, with nothing started yet.
        running: what ends the children.
        show: where it is told.

    Returns:
        Both, with children that know the two files.

    Raises:
        ChildError: a key cannot be made.
    """
    show.now("the exchanges introduce themselves to each other")
    with ThreadPoolExecutor(len(exchanges)) as pool:
        lines = list(pool.map(lambda one: one[1].run("introduce", "ledger", "introduce"), exchanges))
    for (home, _processes), others in zip(exchanges, reversed(lines), strict=True):
        told = others.splitlines()
        home.watched.write_text(_only("log", told), encoding="utf-8")
        home.witnesses.write_text(_only("witness", told), encoding="utf-8")
        show.act("operator", f"of {home.origin} names the other as witness, and witnesses it")
    return [
        (home, running.enter_context(Processes(home.environment(), home.folder / "logs")))
        for home, _processes in exchanges
    ]


def _only(word: str, lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines if line.startswith(f"{word} "))
