"""Measuring a file from the server: the child is started, bounded, and its answer taken apart."""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import market
from market import db
from market.inspection.explain import CODES
from market.inspection.formats import media_type_of
from market.inspection.limits import Limits
from market.inspection.refusal import Facts, Refusal
from market.inspection.report import canonical, digest

_ANSWER = 64 * 1024 * 1024
"""Longest answer of the child, in bytes."""

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Measured:
    """A successful inspection; see :mod:`market.inspection.report`.

    Attributes:
        report: canonical JSON text of the facts.
        preview: canonical JSON text of the values out of the data.
        engine: versions of what measured.
        sketch: samples of rows and columns (:mod:`market.inspection.sketch`), for the registry alone: they could tell
            which values stand in the file.
    """

    report: str
    preview: str
    engine: dict[str, str]
    sketch: Sequence[Mapping[str, Any]]


def inspect_file(
    path: Path, media_type: str, limits: Limits | None = None, progress: Progress | None = None
) -> Measured:
    """Measure a file in a child process.

    Args:
        path: the file; it is only read.
        media_type: one of :data:`market.inspection.formats.MEDIA_TYPES`.
        limits: what the child may use; the defaults of :class:`Limits` when None.
        progress: told how far the child is, in thousandths, a few times.

    Raises:
        Refusal: the file cannot be measured; its code is one of ``explain.CODES``.
        RuntimeError: a transaction is open.
    """
    db.outside()
    bounds = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="inspection-") as scratch:
        outcome = _run_child(path, media_type, scratch, bounds, progress or (lambda _done: None))
    refused = outcome.get("refusal")
    if refused is not None:
        raise Refusal(refused["code"], **refused["facts"])
    return Measured(
        canonical(outcome["report"]), canonical(outcome["preview"]), outcome["engine"], outcome["sketch"]
    )


def document(path: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Measure a local file for the command line (``qilu inspect FILE --json``).

    Returns:
        The report with its digest, the preview and the engine beside it.

    Raises:
        Refusal: the file cannot be measured, or its name has none of the accepted endings.
    """
    media_type = media_type_of(path.name)
    if media_type is None:
        raise Refusal("file.wrong_type", expected="CSV, Parquet, JSON lines, XLSX")
    measured = inspect_file(path, media_type, progress=progress)
    report: dict[str, Any] = json.loads(measured.report)
    return report | {
        "report_digest": digest(measured.report),
        "preview": json.loads(measured.preview),
        "engine": measured.engine,
    }


def _run_child(path: Path, media_type: str, scratch: str, limits: Limits, told: Progress) -> dict[str, Any]:
    command = [
        sys.executable, "-m", "market.inspection.measure",
        str(path.resolve()), media_type, scratch, json.dumps(asdict(limits)),
    ]  # fmt: skip
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as pipe, tempfile.TemporaryFile() as answer:
        try:
            child = subprocess.Popen(
                command, env=_environment(scratch, writing), cwd=scratch, stdin=subprocess.DEVNULL, stdout=answer,
                stderr=subprocess.DEVNULL, start_new_session=True, pass_fds=(writing,),
            )  # fmt: skip
        finally:
            os.close(writing)
        with child:
            try:
                _follow(pipe, limits.wall_seconds, told)
                status = child.wait(1)
            except subprocess.TimeoutExpired:
                _kill(child)
                raise Refusal("inspection.timeout") from None
            except BaseException:
                _kill(child)
                raise
        answer.seek(0)
        text = answer.read(_ANSWER)
    if status in {-signal.SIGXCPU, -signal.SIGKILL}:
        raise Refusal("inspection.timeout")
    return _outcome(text) if status == 0 else _crashed()


def _environment(scratch: str, pipe: int) -> dict[str, str]:
    """Return the child's environment: no secret of the server, and no setting but where its own code lies."""
    return {
        "PYTHONPATH": str(Path(market.__file__).resolve().parents[1]),
        "PATH": os.defpath, "HOME": scratch, "TMPDIR": scratch, "TZ": "UTC", "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1", "POLARS_MAX_THREADS": "2", "QILU_PROGRESS": str(pipe),
    }  # fmt: skip


def _follow(pipe: Any, seconds: float, told: Progress) -> None:
    """Pass on how far the child is until it closes its end.

    Raises:
        TimeoutExpired: it did not within the seconds.
    """
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if not selector.select(end - time.monotonic()) or time.monotonic() > end:
                raise subprocess.TimeoutExpired("inspection", seconds)
            said = pipe.read(4096)
            if not said:
                return
            last = said.split()[-1:]
            if last and last[0].isdigit():
                told(min(1000, int(last[0][-4:])))


def _outcome(text: bytes) -> dict[str, Any]:
    try:
        outcome: dict[str, Any] = json.loads(text)
    except ValueError:
        return _crashed()
    refused = outcome.get("refusal", {}).get("code") in CODES
    return outcome if refused or {"report", "preview", "engine", "sketch"} <= outcome.keys() else _crashed()


def _crashed() -> dict[str, Any]:
    return {"refusal": {"code": "inspection.crashed", "facts": {}}}


def _kill(child: "subprocess.Popen[bytes]") -> None:
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()


__all__ = ["Facts", "Measured", "Refusal", "document", "inspect_file"]
