"""A child process that opens strangers' files: both ends of what is said between it and the server.

The parent starts ``python -m MODULE …`` under limits, with no secret in its environment. The child writes one JSON
object on standard output, ``{"refusal": {"code", "facts"}}`` where it cannot go on. How far it is goes to an open
file whose number stands beside the limits, under ``progress``, a line each, in thousandths.
"""

import errno
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import market
from market.inspection.limits import Limits, starved
from market.inspection.refusal import Refusal

_ANSWER = 64 * 1024 * 1024
"""Longest answer of the child, in bytes."""
_LAMENT = 64 * 1024
"""Bytes of what a dying child writes on standard error that are looked at."""
_ENDING = 10
"""Seconds in which a child that says no more must have ended."""

Progress = Callable[[int], None]
Document = dict[str, Any]


def ask(
    module: str, arguments: Sequence[str], scratch: str, limits: Limits, told: Progress,
    members: Collection[str], codes: Collection[str],
) -> Document:  # fmt: skip
    """Have a child do its work.

    Args:
        module: what it runs; the arguments follow, then the scratch folder, then the limits as JSON.
        arguments: its own.
        scratch: an empty folder it may fill.
        limits: what it may use.
        told: called with how far it is, in thousandths.
        members: what its answer must have.
        codes: how it may refuse.

    Raises:
        Refusal: it did refuse, took too long (``inspection.timeout``), died for want of memory
            (``inspection.memory``) or gave no such answer (``inspection.crashed``).
    """
    reading, writing = os.pipe()
    bounds = json.dumps(asdict(limits) | {"progress": writing})
    command = [sys.executable, "-m", module, *arguments, scratch, bounds]
    with (
        os.fdopen(reading, "rb", buffering=0) as pipe,
        tempfile.TemporaryFile() as said,
        tempfile.TemporaryFile() as lamented,
    ):
        try:
            child = subprocess.Popen(
                command, env=environment(scratch), cwd=scratch, stdin=subprocess.DEVNULL, stdout=said,
                stderr=lamented, start_new_session=True, pass_fds=(writing,),
            )  # fmt: skip
        finally:
            os.close(writing)
        with child:
            try:
                _follow(pipe, limits.wall_seconds, told)
                status = child.wait(_ENDING)
            except subprocess.TimeoutExpired:
                _kill(child)
                raise Refusal("inspection.timeout") from None
            except BaseException:
                _kill(child)
                raise
        said.seek(0)
        lamented.seek(0)
        text, last_words = said.read(_ANSWER), lamented.read(_LAMENT)
    if status == 0:
        return _outcome(text, members, codes)
    raise Refusal(_died(status, last_words))


def _died(status: int, last_words: bytes) -> str:
    """Return the code for a child that ended without an answer.

    Args:
        status: what it ended with; the number of a signal is below 0.
        last_words: what it wrote on standard error.
    """
    if status == -signal.SIGXCPU:
        return "inspection.timeout"
    if status == -signal.SIGKILL or starved(
        last_words.decode(errors="replace")
    ):  # the kernel kills where memory is short
        return "inspection.memory"
    return "inspection.crashed"


def environment(scratch: str) -> dict[str, str]:
    """Return the child's environment: no secret of the server, and no setting but where its own code lies."""
    return {
        "PYTHONPATH": str(Path(market.__file__).resolve().parents[1]),
        "PATH": os.defpath, "HOME": scratch, "TMPDIR": scratch, "TZ": "UTC", "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1", "POLARS_MAX_THREADS": "2",
        # the limit counts what is reserved: threads that do nothing, and allocators that keep what is free
        "ARROW_IO_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        "ARROW_DEFAULT_MEMORY_POOL": "mimalloc", "MIMALLOC_ARENA_EAGER_COMMIT": "0", "MALLOC_ARENA_MAX": "2",
        "_RJEM_MALLOC_CONF": "retain:false,background_thread:false",
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


def _outcome(text: bytes, members: Collection[str], codes: Collection[str]) -> Document:
    try:
        outcome: Document = json.loads(text)
    except ValueError:
        raise Refusal("inspection.crashed") from None
    refused = outcome.get("refusal", {})
    if refused.get("code") in codes:
        raise Refusal(refused["code"], **refused["facts"])
    if not set(members) <= outcome.keys():
        raise Refusal("inspection.crashed")
    return outcome


def _kill(child: "subprocess.Popen[bytes]") -> None:
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def answer(limits: str, work: Callable[[Limits, Progress], Document]) -> NoReturn:
    """Do the work in the child: bound, and with every way to fail turned into a refusal.

    Args:
        limits: the last argument that this process was given.
        work: what is done; it is given the limits and what tells the parent how far it is.
    """
    given = json.loads(limits)
    told = _told(given.pop("progress", None))
    bounds = Limits(**given)
    bounds.apply()
    try:
        outcome = work(bounds, told)
    except Refusal as refusal:
        outcome = {"refusal": {"code": refusal.code, "facts": refusal.facts}}
    except MemoryError:
        outcome = _out_of_memory()
    except OSError as error:
        if not _is_full(error):
            raise
        outcome = _out_of_memory()
    json.dump(outcome, sys.stdout, ensure_ascii=True)
    sys.stdout.flush()
    os._exit(0)  # a parser's thread may still read ahead, and would crash the interpreter as it winds up


def _is_full(error: OSError) -> bool:
    """Tell whether memory or disk ran out; Polars says the number of the error in words, NumPy not at all."""
    said = re.search(r"\(os error (\d+)\)", str(error))
    number = int(said[1]) if said else error.errno
    return number in {errno.EFBIG, errno.ENOSPC, errno.ENOMEM} or str(error).endswith(" written")


def _out_of_memory() -> Document:
    return {"refusal": {"code": "inspection.memory", "facts": {}}}


def _told(number: int | None) -> Progress:
    """Return what tells the parent how far this process is."""
    if number is None:
        return lambda _done: None
    pipe = os.fdopen(number, "w", buffering=1)
    return lambda done: print(done, file=pipe)
