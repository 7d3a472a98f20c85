"""Real child processes on real bytes: what a good file gives."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from market import data
from market.inspection import report as reports
from market.inspection.formats import CSV, PARQUET
from market.inspection.service import document, inspect_file
from tests.market.inspection import reference


def measured(tmp_path: Path, content: bytes, media_type: str = CSV) -> dict[str, Any]:
    path = tmp_path / "upload"
    path.write_bytes(content)
    found = inspect_file(path, media_type)
    report: dict[str, Any] = json.loads(found.report)
    assert reports.canonical(report) == found.report
    return report | {"values": json.loads(found.preview)["columns"]}


def columns(found: dict[str, Any]) -> dict[str, tuple[str, int, int]]:
    return {
        column["name"]: (column["type"], column["nulls"], column["distinct"]) for column in found["columns"]
    }


def extremes(found: dict[str, Any], place: int) -> tuple[str, str | None, str | None]:
    values = found["values"][place]
    return values["name"], values["minimum"], values["maximum"]


def table(content: bytes) -> tuple[list[str], list[list[str]]]:
    names, *rows = csv.reader(io.StringIO(content.decode()))
    return names, rows


def test_the_weather_of_seattle(tmp_path: Path) -> None:
    found = measured(tmp_path, data.weather())
    assert (found["rows"], found["duplicate_rows"]) == (1461, 0)
    assert columns(found) == {
        "date": ("date", 0, 1461),
        "precipitation": ("decimal", 0, 111),
        "temp_max": ("decimal", 0, 67),
        "temp_min": ("decimal", 0, 55),
        "wind": ("decimal", 0, 79),
        "weather": ("text", 0, 5),
    }
    assert extremes(found, 0) == ("date", "2012-01-01", "2015-12-31")
    assert extremes(found, 3) == ("temp_min", "-7.1", "18.3")
    assert found["content_digest"] == reference.content_digest(*table(data.weather()))


def test_the_divisions_of_china(tmp_path: Path) -> None:
    found = measured(tmp_path, data.divisions())
    assert (found["rows"], found["duplicate_rows"]) == (6726, 0)
    assert columns(found)["所属地级"] == ("text", 472, 521)
    assert columns(found)["行政区划代码"] == ("integer", 0, 6726)
    assert found["content_digest"] == reference.content_digest(*table(data.divisions()))


def test_one_table_has_one_content_digest(tmp_path: Path) -> None:
    """Row order, column order, encoding, line ends, quoting, notation and format do not matter."""
    names, rows = table(data.divisions())
    plain = measured(tmp_path, data.divisions())
    again = io.StringIO(newline="")
    writer = csv.writer(again, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([names[::-1], *(row[::-1] for row in rows[::-1])])
    other = measured(tmp_path, again.getvalue().encode("gb18030"))
    assert other["file"]["encoding"] == "gb18030"
    stored = {name: [row[place] or None for row in rows] for place, name in enumerate(names)}
    stored["行政区划代码"] = [int(code or 0) for code in stored["行政区划代码"]]  # type: ignore[misc]
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(stored), sink)
    third = measured(tmp_path, sink.getvalue(), PARQUET)
    assert plain["content_digest"] == other["content_digest"] == third["content_digest"]
    assert len({found["file"]["digest"] for found in (plain, other, third)}) == 3
    assert [column["nulls"] for column in third["columns"]] == [
        column["nulls"] for column in plain["columns"]
    ]


def test_one_changed_cell_changes_the_content_digest(tmp_path: Path) -> None:
    before = measured(tmp_path, data.weather())
    after = measured(tmp_path, data.weather().replace(b"12.8", b"12.9", 1))
    assert before["content_digest"] != after["content_digest"]


def test_every_kind_of_cell_is_read_as_the_rule_says(tmp_path: Path) -> None:
    cells = [
        "0", "-0", "-0.0", "007", "1.10", "1.1", "1e5", "1E5", "12.", ".5", "+3", "9" * 38, "9" * 39, "1,5",
        "2020/1/2", "2020-1-2", "2020-01/02", "2020-02-30", "0999-01-01", "2020-01-02 03:04:05",
        "2020-01-02T03:04:05.500", "2020-01-02T03:04:05Z", "2020-01-02 25:00:00", "2020-01-02 03:04:60",
        "2020-1-2 03:04:05.000000", "true", "TRUE", "e\u0301", "\u00e9", "a\r\nb", "a\nb", " 1", "n", "t1:a", "—",
        "2019-02-29", "2020-02-29", "-12.340", "00", "0.0", "2020-13-01", "2020-01-02 23:59:59.999999", '"',
    ]  # fmt: skip
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([["key", "cell"], *([f"k{place}", value] for place, value in enumerate(cells))])
    found = measured(tmp_path, text.getvalue().encode())
    expected = [reference.cell(value) for value in cells]
    assert found["content_digest"] == reference.content_digest(
        ["key", "cell"], [[f"k{place}", value] for place, value in enumerate(cells)]
    )
    assert columns(found)["cell"] == ("text", 0, len(set(expected)))


def test_stored_types_of_parquet(tmp_path: Path) -> None:
    moment = datetime(2020, 1, 2, 3, 4, 5, 500_000, UTC)
    sink = io.BytesIO()
    pyarrow.parquet.write_table(
        pyarrow.table(
            {
                "whole": pyarrow.array([1, -2, None], pyarrow.int16()),
                "double": [0.1, 2.0, 1e300],
                "single": pyarrow.array([0.1, 2.5, None], pyarrow.float32()),
                "exact": [Decimal("1.10"), Decimal("2.00"), None],
                "day": [date(2020, 1, 2)] * 3,
                "local": [moment.replace(tzinfo=None)] * 3,
                "moment": pyarrow.array([moment] * 3, pyarrow.timestamp("us", "Asia/Shanghai")),
                "yes": [True, False, None],
                "words": ["x", "", None],
                "bytes": [b"\xff\x00", b"", None],
            }
        ),
        sink,
    )
    found = measured(tmp_path, sink.getvalue(), PARQUET)
    assert columns(found) == {
        "whole": ("integer", 1, 2),
        "double": ("float", 0, 3),
        "single": ("float", 1, 2),
        "exact": ("decimal", 1, 2),
        "day": ("date", 0, 1),
        "local": ("timestamp", 0, 1),
        "moment": ("timestamp", 0, 1),
        "yes": ("boolean", 1, 2),
        "words": ("text", 2, 1),
        "bytes": ("binary", 2, 1),
    }
    shown = "2020-01-02 03:04:05.5"
    rows: list[list[str | None]] = [
        ["1", "0.1", "0.1", "1.1", "2020-01-02", shown, shown + "Z", "true", "x", "FF00"],
        ["-2", "2", "2.5", "2", "2020-01-02", shown, shown + "Z", "false", None, None],
        [None, "1e+300", None, None, "2020-01-02", shown, shown + "Z", None, None, None],
    ]
    assert found["content_digest"] == reference.content_digest(list(columns(found)), rows)


def test_duplicates_types_and_other_delimiters(tmp_path: Path) -> None:
    found = measured(tmp_path, "编号;数值;空\n1;1.0;\n1;1.00;\n2;;\n\n10;3;\n".encode("utf-8-sig"))
    assert (found["rows"], found["duplicate_rows"]) == (4, 1)
    assert (found["file"]["encoding"], found["file"]["delimiter"]) == ("utf-8-bom", ";")
    assert columns(found) == {"编号": ("integer", 0, 3), "数值": ("decimal", 1, 2), "空": ("text", 4, 0)}
    assert extremes(found, 0) == ("编号", "1", "10")
    assert extremes(found, 2) == ("空", None, None)


def test_the_cleaned_weather_is_a_product_of_the_records(tmp_path: Path) -> None:
    cleaned = data.cleaned_weather()
    assert data.cleaned_weather() == cleaned
    _names, rows = table(cleaned)
    assert len(rows) == 1461
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    before = [[reference.cell(value) for value in row] for row in table(data.weather())[1]]
    assert [[reference.cell(value) for value in row] for row in rows] == before
    found = measured(tmp_path, cleaned)
    assert [column["type"] for column in found["columns"]] == ["date", *["decimal"] * 4, "text"]


def test_the_command_line_document(tmp_path: Path) -> None:
    path = tmp_path / "Weather.CSV"
    path.write_bytes(data.weather())
    found = document(path)
    assert found["content_digest"] == reference.content_digest(*table(data.weather()))
    assert len(found["preview"]["columns"]) == 6


@pytest.mark.parametrize("rows", [1, 3])
def test_one_column_is_a_table_too(tmp_path: Path, rows: int) -> None:
    found = measured(tmp_path, b"\n\nname\n" + b"x\n" * rows)
    assert (found["rows"], found["duplicate_rows"]) == (rows, rows - 1)
