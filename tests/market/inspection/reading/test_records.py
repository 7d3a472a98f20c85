"""JSON lines: what is read, and what is refused."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.inspection.formats import JSON_LINES
from market.inspection.limits import Limits
from market.inspection.reading import open_source
from market.inspection.reading.records import LINE, SETTLED
from market.inspection.refusal import Refusal

SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=("Cs", "Cc")))


def read(
    path: Path, content: bytes, limits: Limits | None = None
) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    path.write_bytes(content)
    source = open_source(path, JSON_LINES, limits or Limits())
    return source.names, [row for batch in source.batches for row in batch.cells.rows()]


def test_numbers_keep_their_text_and_keys_their_order(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf{"a": 1.10, "b": null}\r\n\n{"c": true, "a": 1e5, "b": ""}'
    expected = (("a", "b", "c"), [("1.10", None, None), ("1e5", None, "true")])
    assert read(tmp_path / "f", content) == expected
    assert read(tmp_path / "f", gzip.compress(content)) == expected


@given(st.lists(st.tuples(SCALARS, SCALARS), min_size=1))
def test_reading_is_what_json_says(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, object]]
) -> None:
    content = "\n".join(json.dumps({"a": a, "b": b}) for a, b in rows).encode()

    def text(value: object) -> str | None:
        if isinstance(value, bool):
            return str(value).lower()
        return None if value is None or value == "" else str(value)

    assert read(tmp_path_factory.mktemp("j") / "f", content)[1] == [(text(a), text(b)) for a, b in rows]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b'{"a": 1}\n[1]', "file.broken_json"),
        (b'{"a": 1, "a": 2}', "file.broken_json"),
        (b'{"a": NaN}', "file.broken_json"),
        (b'{"a": "\\ud800"}', "file.broken_json"),
        (b'{"a": ' + b"[" * 100_000, "file.broken_json"),
        (b'{"a": {"b": 1}}', "file.unsupported_type"),
        (b'{"a": [1]}', "file.unsupported_type"),
        (b'{"": 1}', "file.no_header"),
        (b"{}", "file.no_header"),
        (b'{"a": "\xff\xff"}', "file.undecodable"),
        (b'{"a": "' + b"x" * LINE + b'"}', "file.line_too_long"),
        (b'{"a": 1}\n' * SETTLED + b'{"b": 1}', "file.late_column"),
        (json.dumps({f"k{n}": n for n in range(1001)}).encode(), "file.too_wide"),
        (gzip.compress(b'{"a": 1}\n' * 1000)[:-12], "file.broken_packing"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        read(tmp_path / "f", content)
    assert caught.value.code == code


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as caught:
        read(tmp_path / "f", gzip.compress(b'{"a": 1}\n' * 100_000), Limits(expanded=10_000))
    assert caught.value.code == "file.expands"
