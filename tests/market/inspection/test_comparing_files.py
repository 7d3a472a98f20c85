"""Two files compared in a real child process."""

import json
from pathlib import Path

import pytest

from market import data
from market.inspection.comparison import Rows
from market.inspection.explain import CODES, explain
from market.inspection.formats import CSV, PARQUET
from market.inspection.limits import MIB, Limits
from market.inspection.refusal import Refusal
from market.inspection.service import compare_files

GOOD = b"a,b\n1,2\n3,4\n"
HOSTILE = [
    (b"", CSV, "file.empty"),
    (b"a,b\n", CSV, "file.no_rows"),
    (b"a,b\n1,2\n3\n", CSV, "file.ragged"),
    (b"a,b\n1,\x00\n", CSV, "file.wrong_type"),
    (b"a,b\n1," + b"x" * 20_000_000 + b"\n", CSV, "file.line_too_long"),
    (",".join(f"c{n}" for n in range(1001)).encode() + b"\n", CSV, "file.too_wide"),
    (b"PAR1" + b"\xff" * 100 + b"PAR1", PARQUET, "file.broken_parquet"),
]
IDS = [code for _content, _kind, code in HOSTILE]


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_new_edition_of_the_weather(tmp_path: Path) -> None:
    head, *lines = data.weather().splitlines(keepends=True)
    old = written(tmp_path / "old", data.weather())
    new = written(tmp_path / "new", b"".join([head, *lines[:99:-1], *lines[200:203]]))
    told: list[int] = []
    found = compare_files(old, CSV, new, CSV, progress=told.append)
    assert found.rows == Rows(1461, 1364, 3, 100, 1361)
    assert found.schema.kept == tuple(head.decode().strip().split(","))
    assert told == sorted(told)
    assert told[-1] == 1000


def test_no_value_out_of_the_data_is_told(tmp_path: Path) -> None:
    old = written(tmp_path / "old", "姓名,金额\n张三丰,7777777\n李四光,8888888\n".encode())
    new = written(tmp_path / "new", "姓名,金额\n张三丰,9999999.25\n王五,\n".encode("gb18030"))
    document = compare_files(old, CSV, new, CSV).document()
    text = json.dumps(document, ensure_ascii=False)
    assert "姓名" in text
    assert not [value for value in ("张三丰", "李四光", "王五", "77777", "88888", "99999") if value in text]


@pytest.mark.parametrize("side", ["old", "new"])
@pytest.mark.parametrize(("content", "kind", "code"), HOSTILE, ids=IDS)
def test_a_bad_file_is_refused_by_its_side(
    tmp_path: Path, content: bytes, kind: str, code: str, side: str
) -> None:
    good, bad = written(tmp_path / "good", GOOD), written(tmp_path / "bad", content)
    with pytest.raises(Refusal) as caught:
        if side == "old":
            compare_files(bad, kind, good, CSV)
        else:
            compare_files(good, CSV, bad, kind)
    assert (caught.value.code, caught.value.facts["file"]) == (code, side)
    assert code in CODES
    assert "?" not in explain(code, caught.value.facts)


def test_a_comparison_ends_at_its_limits(tmp_path: Path) -> None:
    path = written(tmp_path / "f", GOOD)
    with pytest.raises(Refusal) as caught:
        compare_files(path, CSV, path, CSV, Limits(wall_seconds=0))
    assert caught.value.code == "inspection.timeout"


def test_rows_that_do_not_fit_on_the_disk_are_refused(tmp_path: Path) -> None:
    """A child of 1 GiB holds a million different rows; a file it writes may have 4 KiB."""
    path = written(tmp_path / "f", b"a\n" + b"".join(b"r%d\n" % number for number in range(1_100_000)))
    with pytest.raises(Refusal) as caught:
        compare_files(path, CSV, path, CSV, Limits(memory=1024 * MIB, scratch=4096))
    assert caught.value.code == "inspection.memory"
