"""What it costs to inspect a file, beside reading it, beside the same checks in plain SQL, and in little memory."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from market.inspection import child
from market.inspection.limits import MIB, Limits
from tests.bench import mixed
from tests.bench.table import Row

ROUNDS = 3
ROOT = Path(__file__).parents[2]
_READ = "import sys, polars; polars.read_csv(sys.argv[1], infer_schema=False)"
_STREAM = (
    "import sys, polars as pl; columns = pl.all().str.len_bytes().sum(); "
    "print(pl.scan_csv(sys.argv[1], infer_schema=False).select(columns).collect(engine='streaming'))"
)
TIMES_MEMORY = 10
_LITTLE = 256 * MIB
"""Memory of the little machine."""
_RESERVED = 448 * MIB
"""What the child may reserve on it; a good part is never touched, and so needs none."""


@dataclass(frozen=True)
class Spent:
    """What a child process took.

    Attributes:
        wall: seconds on the clock.
        cpu: processor seconds.
        said: its standard output.
    """

    wall: float
    cpu: float
    said: str


def spent(
    command: Sequence[str],
    before: Callable[[], None] | None = None,
    patience: float | None = None,
    **more: str,
) -> Spent:
    """Run a child process to its end, on two threads, and return what it took.

    Args:
        command: with its arguments.
        before: called in the child first.
        patience: seconds after which it is ended.
        more: of its environment.
    """
    environment = {
        "PATH": os.defpath, "HOME": "/nonexistent", "PYTHONPATH": str(ROOT), "TZ": "UTC", "LC_ALL": "C.UTF-8",
        "POLARS_MAX_THREADS": "2", **more,
    }  # fmt: skip
    used, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, preexec_fn=before,
        check=False, timeout=patience,
    )  # fmt: skip
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr[-500:]}")
    return Spent(wall, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime, done.stdout)


def inspected(path: Path, before: Callable[[], None] | None = None, limits: Limits | None = None) -> Spent:
    """Return what the whole inspection of a CSV took, as the server starts it."""
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        bounds = limits or Limits(wall_seconds=3600, cpu_seconds=3600)
        command = [sys.executable, "-m", "market.inspection.measure", str(path), "text/csv", "", scratch]
        done = spent([*command, json.dumps(asdict(bounds))], before, None, **child.environment(scratch))
    if "refusal" in json.loads(done.said):
        raise RuntimeError(f"it refused: {done.said}")
    return done


def rounds(contenders: Mapping[str, Callable[[], Spent]], times: int = ROUNDS) -> dict[str, list[Spent]]:
    """Run all contenders in turn, so often, so that what else the machine does falls on all of them."""
    found: dict[str, list[Spent]] = {name: [] for name in contenders}
    for _round in range(times):
        for name, run in contenders.items():
            found[name].append(run())
    return found


def ratio(ours: Sequence[Spent], theirs: Sequence[Spent], of: str = "wall") -> float:
    """Return the middle of the ratios of the rounds."""
    return statistics.median(
        float(getattr(a, of) / getattr(b, of)) for a, b in zip(ours, theirs, strict=True)
    )


def costs(path: Path, what: str, times: int = ROUNDS) -> Iterator[Row]:
    """Yield what the inspection of a CSV costs beside reading it and beside plain SQL."""
    found = rounds(
        {
            "read": lambda: spent([sys.executable, "-c", _READ, str(path)]),
            "inspect": lambda: inspected(path),
            "sql": lambda: spent([sys.executable, "-m", "tests.bench.plain", str(path)]),
        },
        times,
    )
    read, ours, sql = found["read"], found["inspect"], found["sql"]
    yield Row(f"{what}: read as text (baseline)", _seconds(read))
    yield Row(
        f"{what}: the whole inspection", _seconds(ours),
        f"{ratio(ours, read):.2f} x the reading ({ratio(ours, read, 'cpu'):.2f} in processor time)", "4",
    )  # fmt: skip
    yield Row(
        f"{what}: the same checks in plain DuckDB SQL", _seconds(sql),
        f"{ratio(sql, ours):.2f} x the inspection ({ratio(sql, ours, 'cpu'):.2f} in processor time)", "2.8",
    )  # fmt: skip


def _seconds(runs: Sequence[Spent]) -> str:
    return f"{statistics.median(run.wall for run in runs):.2f} s"


def in_little_memory(folder: Path) -> Iterator[Row]:
    """Yield what a file of ten times the memory costs; the kernel holds the child to it, its file cache included."""
    with cage(_LITTLE) as enter:
        if enter is None:
            yield Row("a file of ten times the memory", "left out: no memory group can be made here")
            return
        path = folder / "large.csv"
        seeds = 0
        while not path.exists() or path.stat().st_size < TIMES_MEMORY * _LITTLE:
            with path.open("ab") as file:
                mixed.table(mixed.ROWS, seeds).write_csv(file, include_header=seeds == 0)
            seeds += 1
        limits = Limits(memory=_RESERVED, wall_seconds=3600, cpu_seconds=3600)
        streamed = spent([sys.executable, "-c", _STREAM, str(path)])
        free = inspected(path)
        held = inspected(path, enter, limits)
        same = _report(free) == _report(held)
        size = f"{path.stat().st_size / MIB:.0f} MiB in {_LITTLE // MIB} MiB"
        path.unlink()
        yield Row(f"{size}: read as a stream (baseline)", f"{streamed.wall:.1f} s")
        for name, run in (("inspected, memory free", free), ("inspected, memory held", held)):
            yield Row(
                f"{size}: {name}", f"{run.wall:.1f} s", f"{run.wall / streamed.wall:.2f} x the stream", "4"
            )
        yield Row(f"{size}: answers", "identical" if same else "DIFFERENT")


def _report(run: Spent) -> Any:
    return json.loads(run.said)["report"]


@contextmanager
def cage(memory: int) -> Iterator[Callable[[], None] | None]:
    """Make a memory group of the kernel (control groups, version 1 or 2) for a while.

    Args:
        memory: bytes that its processes may fill together, file cache included.

    Yields:
        What puts the calling process into it; None where none can be made.
    """
    for place, setting in (
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        ("/sys/fs/cgroup", "memory.max"),
    ):
        group = Path(place) / f"qilu-bench-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / setting).exists():
                (group / setting).write_text(str(memory))
                yield partial(_enter, group)
                return
        finally:
            group.rmdir()
    yield None


def _enter(group: Path) -> None:
    (group / "cgroup.procs").write_text(str(os.getpid()))
