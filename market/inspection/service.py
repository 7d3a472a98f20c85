"""Measuring a file from the server: the child is started, bounded, and its answer taken apart."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import market
from market import db
from market.inspection.explain import CODES
from market.inspection.limits import Limits
from market.inspection.refusal import Facts, Refusal
from market.inspection.report import canonical

CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
MEDIA_TYPES = {".csv": CSV, ".parquet": PARQUET}
"""What is accepted, by the ending of the file name."""

_ANSWER = 64 * 1024 * 1024
"""Longest answer of the child, in bytes."""


@dataclass(frozen=True)
class Measured:
    """A successful inspection.

    Attributes:
        report: canonical JSON text of the public facts.
        ranges: canonical JSON text of the values only owner and reviewer may see.
        sketch: samples of rows and columns (:mod:`market.inspection.sketch`); for the registry alone.
    """

    report: str
    ranges: str
    sketch: Sequence[Mapping[str, Any]] = ()


def media_type_of(filename: str) -> str | None:
    """Return the media type that a file name promises, None when it is not accepted."""
    return MEDIA_TYPES.get(Path(filename).suffix.lower())


def inspect_file(path: Path, media_type: str, limits: Limits | None = None) -> Measured:
    """Measure a file in a child process.

    Args:
        path: the file; it is only read.
        media_type: one of the values of :data:`MEDIA_TYPES`.
        limits: what the child may use; the defaults of :class:`Limits` when None.

    Raises:
        Refusal: the file cannot be measured; its code is one of ``explain.CODES``.
        RuntimeError: a transaction is open.
    """
    db.outside()
    bounds = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="inspection-") as scratch:
        outcome = _run_child(path, media_type, scratch, bounds)
    refused = outcome.get("refusal")
    if refused is not None:
        raise Refusal(refused["code"], **refused["facts"])
    return Measured(canonical(outcome["report"]), canonical(outcome["ranges"]))


def document(path: Path) -> dict[str, Any]:
    """Measure a local file for the command line (``qilu inspect FILE --json``).

    Returns:
        The report with the ranges beside it, under ``ranges``.

    Raises:
        Refusal: the file cannot be measured, or its name ends neither in .csv nor in .parquet.
    """
    media_type = media_type_of(path.name)
    if media_type is None:
        raise Refusal("file.wrong_type", expected="CSV, Parquet")
    measured = inspect_file(path, media_type)
    report: dict[str, Any] = json.loads(measured.report)
    return report | {"ranges": json.loads(measured.ranges)}


def _run_child(path: Path, media_type: str, scratch: str, limits: Limits) -> dict[str, Any]:
    command = [
        sys.executable, "-m", "market.inspection.measure",
        str(path.resolve()), media_type, scratch, json.dumps(asdict(limits)),
    ]  # fmt: skip
    # The child gets no secret of the server, and no setting but where its own code lies.
    environment = {
        "PYTHONPATH": str(Path(market.__file__).resolve().parents[1]),
        "PATH": os.defpath, "HOME": scratch, "TMPDIR": scratch, "TZ": "UTC", "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    with (
        tempfile.TemporaryFile() as answer,
        subprocess.Popen(
            command, env=environment, cwd=scratch, stdin=subprocess.DEVNULL, stdout=answer,
            stderr=subprocess.DEVNULL, start_new_session=True,
        ) as child,
    ):  # fmt: skip
        try:
            status = child.wait(limits.wall_seconds)
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
    try:
        outcome: dict[str, Any] = json.loads(text) if status == 0 else {}
    except ValueError:
        outcome = {}
    if not ({"report", "ranges"} <= outcome.keys() or _is_refusal(outcome)):
        raise Refusal("inspection.crashed")
    return outcome


def _is_refusal(outcome: dict[str, Any]) -> bool:
    return outcome.get("refusal", {}).get("code") in CODES


def _kill(child: "subprocess.Popen[bytes]") -> None:
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()


__all__ = [
    "CSV",
    "MEDIA_TYPES",
    "PARQUET",
    "Facts",
    "Measured",
    "Refusal",
    "document",
    "inspect_file",
    "media_type_of",
]
