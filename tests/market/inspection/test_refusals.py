"""Files that cannot be measured: each refused with its own code, the process never harmed."""

import contextlib
import io
import random
import subprocess
import sys
import time
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from market.inspection import child
from market.inspection.explain import CODES, explain
from market.inspection.formats import CSV, PARQUET
from market.inspection.limits import MIB, Limits
from market.inspection.refusal import Refusal
from market.inspection.service import inspect_file
from tests.waiting import until

MANY = b"key,value\n" + b"".join(b"%d,%d\n" % (n, n * 7919) for n in range(150_000))


def refused(tmp_path: Path, content: bytes, media_type: str = CSV, limits: Limits | None = None) -> Refusal:
    path = tmp_path / "upload"
    path.write_bytes(content)
    with pytest.raises(Refusal) as caught:
        inspect_file(path, media_type, limits)
    assert caught.value.code in CODES
    assert "?" not in explain(caught.value.code, caught.value.facts)
    return caught.value


def parquet(**columns: object) -> bytes:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"\n \r\n\t", "file.empty"),
        (b"\xef\xbb\xbf", "file.empty"),
        (b"a,b\n", "file.no_rows"),
        (b"a,b", "file.no_rows"),
        (b"a,b\n1,2\n3\n", "file.ragged"),
        (b"a,b\n1,2\n3,4,5\n", "file.ragged"),
        (b'a,b\n1,"2\n', "file.broken_csv"),
        (b'a,b\n"1"x,2\n', "file.broken_csv"),
        (b"2012/01/01,0.0,12.8\n2012/01/02,1.0,10.6\n", "file.no_header"),
        (b"110000,x,y\n110101,z,w\n", "file.no_header"),
        (b"a,,c\n1,2,3\n", "file.no_header"),
        (b"a,b,a\n1,2,3\n", "file.no_header"),
        (b"a," + b"b" * 201 + b"\n1,2\n", "file.no_header"),
        (b'a,"b\tc"\n1,2\n', "file.no_header"),
        ("名称,值\n济南,1".encode("utf-16")[:-1], "file.undecodable"),
        ("名称,值\n济南,\0\n".encode("utf-16"), "file.wrong_type"),
        ("名称,值\n济南,1\n".encode() + b"\xff\xff\n", "file.undecodable"),
        (b"caf\xe9,b\n1,2\n", "file.undecodable"),
        (b"a,b\n1,\x00\n", "file.wrong_type"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "file.wrong_type"),
        (b"PK\x03\x04" + b"x" * 100, "file.wrong_type"),
        (b"<!DOCTYPE html><html>,</html>", "file.wrong_type"),
        (b'{"a": 1, "b": 2}\n', "file.wrong_type"),
        (b'[{"a": 1, "b": 2}]\n', "file.wrong_type"),
        (",".join(f"c{n}" for n in range(1001)).encode() + b"\n", "file.too_wide"),
    ],
)
def test_a_bad_csv_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    assert refused(tmp_path, content).code == code


def test_a_ragged_file_is_told_its_line(tmp_path: Path) -> None:
    facts = refused(tmp_path, b"a,b\n1,2\n3,4\n5\n").facts
    assert facts == {"line": 4, "expected": 2, "found": 1}


def test_an_endless_line_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, b"a,b\n1," + b"x" * 20_000_000 + b"\n").code == "file.line_too_long"


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", b"PAR1", b"PAR1PAR1", b"x" * 100, b"PK\x03\x04" + b"x" * 50]
)
def test_a_wrong_type_behind_a_right_name_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refused(tmp_path, content, PARQUET).code == "file.wrong_type"
    assert refused(tmp_path, parquet(a=[1, 2]), CSV).code == "file.wrong_type"


def test_a_forged_parquet_file_is_refused(tmp_path: Path) -> None:
    good = parquet(a=list(range(1000)), b=["x"] * 1000)
    assert refused(tmp_path, b"PAR1" + b"\xff" * 40 + b"PAR1", PARQUET).code == "file.broken_parquet"
    assert refused(tmp_path, good[: len(good) // 2] + b"PAR1", PARQUET).code == "file.broken_parquet"
    assert refused(tmp_path, parquet(a=pyarrow.array([], pyarrow.int64())), PARQUET).code == "file.no_rows"


def test_flipped_bits_in_parquet_end_well_or_with_a_code(tmp_path: Path) -> None:
    good = parquet(a=list(range(300)), b=["x", None, "yy"] * 100)
    chance = random.Random(7)
    path = tmp_path / "upload"
    for _ in range(8):
        bad = bytearray(good)
        for place in chance.sample(range(4, len(bad) - 4), 3):
            bad[place] ^= 1 << chance.randrange(8)
        path.write_bytes(bad)
        with contextlib.suppress(Refusal):  # a code that is not one of CODES would raise something else
            inspect_file(path, PARQUET)


def test_nested_parquet_is_refused_by_name(tmp_path: Path) -> None:
    refusal = refused(tmp_path, parquet(a=[1], tags=[["x", "y"]]), PARQUET)
    assert (refusal.code, refusal.facts["column"]) == ("file.unsupported_type", "tags")


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(wall_seconds=0), "inspection.timeout"),
        (Limits(cpu_seconds=0), "inspection.timeout"),
        (Limits(columns=1), "file.too_wide"),
    ],
)
def test_what_needs_too_much_is_stopped(tmp_path: Path, limits: Limits, code: str) -> None:
    assert refused(tmp_path, MANY, limits=limits).code == code


def test_however_little_memory_there_is_a_child_answers_the_same_or_refuses_for_memory(
    tmp_path: Path,
) -> None:
    """Libraries that end the process when memory is refused them are no sign of a forged file."""
    path = tmp_path / "upload"
    path.write_bytes(MANY)
    free = inspect_file(path, CSV).report
    answers = {memory: _answer(path, memory) for memory in (40, 100, 150, 200, 250, 300, 350, 600)}
    assert set(answers.values()) == {"inspection.memory", free}, answers
    assert answers[40] == "inspection.memory"
    assert answers[600] == free


def _answer(path: Path, memory: int) -> str:
    try:
        return inspect_file(path, CSV, Limits(memory=memory * MIB)).report
    except Refusal as refusal:
        return refusal.code


def test_a_child_that_the_kernel_kills_wanted_memory(tmp_path: Path) -> None:
    module = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    (tmp_path / "killed.py").write_text(module)
    with pytest.raises(Refusal, match=r"inspection\.memory"):
        child.ask("killed", [], str(tmp_path), Limits(), lambda _done: None, (), ())


def test_the_child_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file cannot make the child tell what it does not know: its environment is made new."""
    seen: dict[str, dict[str, str]] = {}

    real = subprocess.Popen

    def spy(*args: object, **kwargs: object) -> object:
        seen["env"] = kwargs["env"]  # type: ignore[assignment]
        return real(*args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setenv("SECRET_KEY", "not for the child")
    monkeypatch.setattr(subprocess, "Popen", spy)
    refused(tmp_path, b"")
    assert "SECRET_KEY" not in seen["env"]


def test_every_code_has_a_sentence() -> None:
    for code in CODES:
        assert explain(code, {})


def test_the_child_ends_with_the_server_that_started_it(tmp_path: Path) -> None:
    """A killed server leaves no process behind that goes on measuring."""
    path = tmp_path / "long.csv"
    path.write_bytes(b"key,value\n" + b"".join(b"%d,%d\n" % (n, n * 7919) for n in range(2_000_000)))
    code = (
        "import sys; from pathlib import Path; "
        "from market.inspection.formats import CSV; from market.inspection.service import inspect_file;"
        "inspect_file(Path(sys.argv[1]), CSV)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as server:
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
        until(lambda: bool(children.read_text().split()))
        child = Path("/proc", children.read_text().split()[0])
        time.sleep(0.5)
        server.kill()
    until(lambda: _gone(child), "the end of the child")


def _gone(process: Path) -> bool:
    try:
        return "\nState:\tZ" in (process / "status").read_text()
    except OSError:  # it may go between two calls
        return True
