"""What the tests need of the machine beside Python: Debian's packages, installed by the run itself when it may.

Only root on a machine with apt can install; anywhere else the missing program is named together with the
lanes that do without it. Workers of a run agree by a file lock, since apt takes one caller at a time.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

PTRACE_TRACEME = 0
CACHE = Path.home() / ".cache" / "qilu-tests"
"""What is fetched and built once for this machine, by whichever run comes first."""
LOCK = CACHE / "apt.lock"
APT = ("-o", "Acquire::Retries=5", "-o", "DPkg::Lock::Timeout=600")
"""Networks have bad moments, and others install packages too."""
ATTEMPTS = 3


def lacking() -> dict[str, str]:
    """Return the lanes that this machine cannot carry, each with what it needs."""
    can_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
    server = shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    needs = {
        "postgresql": (server, "the package postgresql"),
        "browser": (shutil.which("chromium"), "the packages chromium and fonts-noto-cjk"),
        "foreign": (
            _carries_strangers(),
            "the packages golang-go, golang-golang-x-mod-dev, nodejs, npm, poppler-utils and libnss3-tools",
        ),
    }
    found = {lane: need for lane, (there, need) in needs.items() if not (there or can_install)}
    if not ((shutil.which("strace") or can_install) and _may_trace()):
        found["strace"] = "the package strace, and the right to trace a process"
    if not (shutil.which("go") or os.environ.get("STRIPE_MOCK_URL")):
        found["stripe_mock"] = "Go, or a running server that STRIPE_MOCK_URL names"
    if find_spec("pip") is None:
        found["stripe_spec"] = "pip in the environment that runs the tests"
    return found


def _may_trace() -> bool:
    """Tell whether a child may be traced at all; containers often forbid it."""
    ask = f"import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace({PTRACE_TRACEME}, 0, None, None) != 0)"
    return subprocess.run([sys.executable, "-c", ask], check=False, timeout=300).returncode == 0


def _carries_strangers() -> bool:
    programs = all(shutil.which(program) for program in ("go", "node", "npm", "pdfsig", "certutil"))
    return programs and Path("/usr/share/gocode/src/golang.org/x/mod/sumdb").is_dir()


def ensure(program: str, *packages: str, lane: str) -> Path:
    """Return where a program is, installing Debian's packages for it when it is missing.

    Args:
        program: name on PATH.
        packages: Debian packages that bring it.
        lane: the lane that needs it, named when it cannot be had.

    Raises:
        RuntimeError: it is missing and may not be installed; the message says which lane to leave out.
    """
    if found := shutil.which(program):
        return Path(found)
    install(*packages, lane=lane)
    found = shutil.which(program)
    if found is None:
        raise RuntimeError(f"{' '.join(packages)} brought no {program}; leave the {lane} lane out")
    return Path(found)


def install(*packages: str, lane: str) -> None:
    """Install Debian packages that are not there yet.

    Args:
        packages: their names.
        lane: the lane that needs them.

    Raises:
        RuntimeError: this is no Debian, or we are not root.
    """
    with alone():
        missing = [package for package in packages if not _installed(package)]
        if not missing:
            return
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            wanted = " ".join(missing)
            raise RuntimeError(
                f"the {lane} lane needs: apt-get install {wanted}; without it choose others by --lane"
            )
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        options = [*APT, "-y", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"]
        for command in (["apt-get", *APT, "update"], ["apt-get", "install", *options, *missing]):
            subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=1800)


@contextmanager
def alone() -> Iterator[None]:
    """Keep every other process of any run on this machine from apt meanwhile."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def insist(fetch: Callable[[], object]) -> None:
    """Do what fetches something from a network, several times if need be.

    Raises:
        SubprocessError: of the last attempt.
    """
    for _attempt in range(ATTEMPTS - 1):
        with suppress(subprocess.SubprocessError):
            fetch()
            return
        time.sleep(5)  # what failed at once would fail at once again
    fetch()


def _installed(package: str) -> bool:
    if not shutil.which("dpkg-query"):
        return False
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status}", package]
    return (
        subprocess.run(query, capture_output=True, text=True, check=False, timeout=300).stdout == "installed"
    )
