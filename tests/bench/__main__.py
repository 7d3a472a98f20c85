"""Measures and prints: ``make bench``, or ``python -m tests.bench steps reads sqlite postgresql`` for some parts."""

import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import structlog

from tests.bench import (
    filed,
    fingerprints,
    inspection,
    log,
    mixed,
    papers,
    placing,
    reads,
    reconciling,
    rivals,
    selling,
    sharing,
    steps,
    storming,
    talks,
    whole,
)  # fmt: skip
from tests.bench.exchange import Exchange
from tests.bench.table import Row, show
from tests.conftest import migrate
from tests.postgres import Server

PARTS = (
    "steps",
    "log",
    "papers",
    "fingerprints",
    "inspection",
    "placing",
    "reconciling",
    "talks",
    "reads",
    "sqlite",
    "postgresql",
)
ASKED = ("inspection-memory", "inspection-rivals", "inspection-spark", "selling", "storm")
"""Measured only when named: they take many minutes, and two of them install other tools."""


def main(parts: list[str]) -> None:
    """Measure the named parts, all of them by default, and print each as soon as it is known."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    chosen = parts or list(PARTS)
    if unknown := set(chosen) - {*PARTS, *ASKED}:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are: {', '.join((*PARTS, *ASKED))}")
    with tempfile.TemporaryDirectory(prefix="qilu-bench-") as name:
        folder = Path(name)
        if "steps" in chosen:
            show("What a ledger entry costs", steps.rates(folder / "steps"))
        if "log" in chosen:
            show("The log alone, in processor time", list(log.rates(folder)))
        if "papers" in chosen:
            show("Contracts: rendering", list(papers.rendering(folder)))
            show("Contracts: signatures in the document", list(papers.signing()))
            show("Contracts: on file", list(filed.searching(folder)))
        if "fingerprints" in chosen:
            show("Fingerprints: are these data known", list(fingerprints.looking(folder)))
        on_files(folder, chosen)
        if "reconciling" in chosen:
            show("Reconciliation", list(reconciling.reports(folder)))
        if "selling" in chosen:
            show("Sold once: buyers who sign at the same moment", list(selling.races(folder)))
        if "storm" in chosen:
            show("Payments in bad weather", list(storming.weathered(folder)))
        if "placing" in chosen:
            on_durable_server(folder)
        if {"talks", "reads", "sqlite"} & set(chosen):
            on_sqlite(folder / "sqlite", chosen)
        if "postgresql" in chosen:
            on_postgresql(folder)


def on_files(folder: Path, chosen: list[str]) -> None:
    """Measure what it costs to inspect files."""
    if "inspection" in chosen:
        path = mixed.write(folder / "mixed.csv", mixed.ROWS)
        show("Inspection: a generated table", list(inspection.costs(path, f"{mixed.ROWS:,} x 12")))
        show("Inspection: real flights", list(sharing.flights(folder)))
    if "inspection-memory" in chosen:
        show("Inspection: beyond memory", list(inspection.in_little_memory(folder)))
    if "inspection-rivals" in chosen:
        show("Inspection: other tools", list(rivals.compared(folder)))
    if "inspection-spark" in chosen:
        show("Inspection: the same SQL on Spark", list(sharing.on_spark(folder)))


def on_sqlite(folder: Path, chosen: list[str]) -> None:
    """Measure a whole exchange in one process and one folder."""
    with Exchange(folder) as exchange:
        show("Cold start", cold(exchange))
        if "talks" in chosen:
            show("A round of negotiation over HTTP", list(talks.rounds(exchange)))
        if "reads" in chosen:
            trade = whole.agree(exchange)
            whole.settle(exchange, trade)
            show("Processor time a request, one process, SQLite", list(reads.costs(exchange, trade)))
            show("Page weight", list(reads.weights(exchange, trade)))
        if "sqlite" in chosen:
            show("Whole trades over HTTP", whole.rates(exchange, "SQLite"))


def cold(exchange: Exchange) -> list[Row]:
    """Return how long the server took to its first readiness, beside an interpreter that loads its libraries."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import flask, sqlalchemy.orm, gunicorn.app.base"], check=True)
    libraries = time.perf_counter() - began
    return [
        Row("the libraries alone (baseline)", f"{libraries:.2f} s"),
        Row(
            "qilu serve until ready",
            f"{exchange.cold:.2f} s",
            f"{exchange.cold / libraries:.1f} x the libraries",
        ),
    ]


def on_durable_server(folder: Path) -> None:
    """Measure steps on a PostgreSQL server whose commits are durable."""
    (folder / "durable").mkdir()
    folder.chmod(0o755)  # the server's own user must reach its folder
    server = Server(folder / "durable", **placing.DATED)
    server.start(migrate)
    try:
        show("What a ledger entry costs many writers", placing.rates(server, folder))
    finally:
        server.stop()


def on_postgresql(folder: Path) -> None:
    """Measure a whole exchange with a worker process on PostgreSQL (without fsync: the tests' own server)."""
    (folder / "pg").mkdir()
    folder.chmod(0o755)  # the server's own user must reach its folder
    server = Server(folder / "pg")
    server.start(migrate)
    try:
        with server.database() as urls, Exchange(folder / "postgresql", urls) as exchange:
            show("Whole trades over HTTP", whole.rates(exchange, "PostgreSQL"))
    finally:
        server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
