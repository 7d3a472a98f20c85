"""The programs of others, each in an environment of its own, built once for this machine.

Go's packages and npm come from Debian; proofbundle, aics-tlog and aics-witness from the Python package index and
Sigstore's verifier from npm's, all pinned by hash beside the programs that drive them.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests import machine

LANE = "foreign"
NAMES = ("go", "proofbundle", "aics-tlog", "sigstore")
HERE = Path(__file__).parent
LOCK_FILE = HERE.parents[1] / "requirements.lock"
GO_PACKAGES = Path("/usr/share/gocode")
"""Where Debian keeps the source of Go packages."""
THEIR_NEEDS = {"cryptography", "cffi", "pycparser", "rfc8785"}
"""What the Python packages import, in the versions of the project's own lock."""
_LIMIT = 600
"""Seconds for one installation."""


def command(name: str) -> list[str]:
    """Return how a stranger is started; the file of questions is to follow, or what a witness is to do."""
    folder = _folder()
    if name == "go":
        return [str(folder / "check")]
    if name == "sigstore":
        return ["node", str(folder / "node" / "check.js")]
    python = str(folder / "python" / "bin" / "python")
    if name == "aics-witness":
        return [python, "-m", "aics_witness"]
    return [python, str(HERE / "python" / "check.py"), name]


def prepare() -> str:
    """Install what the strangers need, once for this machine.

    Returns:
        Empty, or what could not be installed: without it the lane cannot run.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            for part, build in (("check", _go), ("python", _python), ("node", _node)):
                if not (folder / part).exists():
                    shutil.rmtree(folder / "new", ignore_errors=True)
                    build(folder / "new")
                    (folder / "new").rename(folder / part)
            for program, package in (("pdfsig", "poppler-utils"), ("certutil", "libnss3-tools")):
                machine.ensure(program, package, lane=LANE)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            return said.strip().splitlines()[-1]
    return ""


@cache
def _folder() -> Path:
    """A folder that belongs to exactly these programs and pins."""
    pins = sorted(path for path in HERE.rglob("*/*") if path.suffix in {".go", ".js", ".json", ".txt"})
    parts = [*(path.read_bytes() for path in pins), _locked().encode(), sys.version.encode()]
    digest = hashlib.sha256(b"".join(parts)).hexdigest()
    return machine.CACHE / f"foreign-{digest[:16]}"


def _locked() -> str:
    """What the project's lock says of the packages that the Python ones need."""
    blocks = re.split(r"\n(?=\S)", LOCK_FILE.read_text())
    return "\n".join(block for block in blocks if block.partition("==")[0] in THEIR_NEEDS)


def _go(new: Path) -> None:
    go = machine.ensure("go", "golang-go", lane=LANE)
    if not (GO_PACKAGES / "src/golang.org/x/mod/sumdb").is_dir():
        machine.install("golang-golang-x-mod-dev", lane=LANE)
    environment = {"GO111MODULE": "off", "GOPATH": str(GO_PACKAGES), "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    _run([str(go), "build", "-o", str(new), "."], HERE / "go", **environment)


def _python(new: Path) -> None:
    """Make an environment; its paths are inside it, so it is made where it will be and not moved."""
    home = new.with_name("python-home")
    shutil.rmtree(home, ignore_errors=True)
    _run([sys.executable, "-m", "venv", "--without-pip", str(home)], HERE)
    locked = home / "locked.txt"
    locked.write_text(_locked())
    install = [sys.executable, "-m", "pip", "--python", str(home / "bin/python"), "install", "--quiet"]
    pinned = ["--require-hashes", "--only-binary=:all:", "--ignore-requires-python"]
    wanted = ["-r", str(HERE / "python" / "requirements.txt"), "-r", str(locked)]
    machine.insist(lambda: _run([*install, *pinned, *wanted], HERE))
    new.symlink_to(home.name)


def _node(new: Path) -> None:
    machine.ensure("node", "nodejs", lane=LANE)
    npm = machine.ensure("npm", "npm", lane=LANE)
    shutil.copytree(HERE / "node", new)
    machine.insist(lambda: _run([str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], new))


def _run(arguments: list[str], folder: Path, **environment: str) -> None:
    subprocess.run(
        arguments,
        cwd=folder,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
        timeout=_LIMIT,
    )
