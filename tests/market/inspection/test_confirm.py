"""The SQL that confirms a report, run on plain DuckDB beside what was measured."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import parse_one

from market.cli import qilu
from market.inspection import confirm, service, writing
from market.inspection.column import Measured
from tests.market.inspection import reference
from tests.market.inspection.test_table import Rows, closed, measured, tables

DATA = Path(__file__).parents[3] / "market" / "data"
SHAPES = {
    "integer": "integers", "decimal": "numbers", "date": "dates", "timestamp": "moments", "boolean": "booleans",
}  # fmt: skip

odd = st.sampled_from([
    "5\n", "007", "-0", "-0.0", "1.50", "1e5", "9" * 38, "9" * 39, "2020/1-2", "2020-02-30", "2020-2-9\n",
    "2020-1-2T03:04:05.100Z", "2020-01-02 03:04:05.000", "2020-01-02 23:59:60", "2020-01-02 24:00:00",
    "2020-2-30 03:04:05", "0999-01-01", "true", "false", "True", "a\r\nb", "a\rb", "e\u0301", "\u00e9", "'", "\\",
    "\\n", "$", "2020-01-02 03:04:05Z\n", "1\u2028", "\u0661", "12.", ".5", "+1", "--1", "𠮷",
])  # fmt: skip
ODD: Rows = [[text, None] for text in odd.elements]  # type: ignore[attr-defined]


ENGINE = duckdb.connect(config={"threads": 1})
"""One for all examples: to open one takes longer than to ask it."""


def loaded(rows: Rows) -> duckdb.DuckDBPyConnection:
    cells = {
        f"c{place}": pyarrow.array([row[place] for row in rows], pyarrow.string())
        for place in range(len(rows[0]))
    }
    ENGINE.register("data", pyarrow.table(cells))
    return ENGINE


def figures(engine: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    answer = engine.execute(sql)
    (row,) = answer.fetchall()
    return dict(zip([column[0] for column in answer.description or ()], row, strict=True))


def counted(column: Measured) -> dict[str, Any]:
    """What was measured of a column, under the names that the SQL gives."""
    counts = column.column.counts
    return {
        "name": column.column.name, "nulls": counts.rows - counts.filled, "distinct_values": column.distinct,
        "shortest": column.column.shortest, "longest": column.column.longest,
        **{figure: getattr(counts, figure) for figure in confirm.KINDS},
    }  # fmt: skip


def merged(parts: Sequence[Rows], state: str, answer: str) -> dict[str, Any]:
    """Bring each part into its state alone, and ask the states put together."""
    states = [loaded(part).sql(state).to_arrow_table() for part in parts]
    ENGINE.register("state", pyarrow.concat_tables(states))
    found = figures(ENGINE, answer)
    ENGINE.unregister("state")
    return found


def check(rows: Rows, parts: Sequence[Rows]) -> None:
    whole, width = closed(measured(rows, [])), len(rows[0])
    joined = measured(parts[0], [])
    for part in parts[1:]:
        joined.merge(measured(part, []))
    ours = closed(joined)
    assert writing.table(ours) == writing.table(whole)
    for place, column in enumerate(ours.columns):
        state, answer = confirm.column_state(place), confirm.column_figures(column.column.name)
        plain = figures(loaded(rows), f"WITH state AS ({state}) {answer}")
        assert merged(parts, state, answer) == plain == counted(column)
    state, answer = confirm.rows_state(width), confirm.rows_figures(width)
    plain = figures(loaded(rows), f"WITH state AS ({state}) {answer}")
    duplicates = ours.rows - ours.distinct_rows
    assert merged(parts, state, answer) == plain == {"rows_read": ours.rows, "duplicate_rows": duplicates}


@settings(max_examples=15, deadline=None)
@given(tables, st.data())
def test_merged_parts_are_what_the_sql_says_of_the_whole(rows: Rows, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(rows) - 1))
    check(rows, [part for part in (rows[:cut], rows[cut:]) if part])


def test_the_odd_cells_one_by_one() -> None:
    check(ODD, [ODD[:9], ODD[9:]])
    state = loaded(ODD).execute(f"SELECT c0, ({_value()}) FROM data").fetchall()
    assert dict(state) == {row[0]: reference.cell(row[0]) for row in ODD}


def _value() -> str:
    return str(parse_one(confirm.column_state(0), read="duckdb").selects[0].this.sql("duckdb"))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["seattle-weather.csv", "china-divisions-2020.csv"])
def test_the_printed_sql_confirms_the_report(name: str) -> None:
    printed = CliRunner().invoke(qilu, ["inspect", str(DATA / name), "--sql", "duckdb"])
    assert printed.exit_code == 0, printed.output
    report = service.document(DATA / name)
    view, rows, *columns = [part for part in printed.output.split(";\n\n") if part]
    engine = duckdb.connect(config={"threads": 1})
    engine.execute(view)
    found = figures(engine, rows)
    assert found == {"rows_read": report["rows"], "duplicate_rows": report["duplicate_rows"]}
    for sql, column in zip(columns, report["columns"], strict=True):
        found = figures(engine, sql)
        told = [column[key] for key in ("name", "nulls", "distinct", "shortest", "longest")]
        assert told == [found[key] for key in ("name", "nulls", "distinct_values", "shortest", "longest")]
        filled = report["rows"] - column["nulls"]
        whole = [kind for kind, figure in SHAPES.items() if found[figure] == filled > 0]
        assert column["type"] == (whole[0] if whole else "text")


def test_a_plain_count_agrees_with_the_report() -> None:
    """Without any of the SQL of the product."""
    path = DATA / "china-divisions-2020.csv"
    report = service.document(path)
    table = f"read_csv('{path}', all_varchar = true)"
    for column in report["columns"]:
        cell = '"' + column["name"] + '"'
        sql = f"SELECT count(DISTINCT {cell}), count(*) - count({cell}), max(length({cell})) FROM {table}"
        assert duckdb.sql(sql).fetchall() == [(column["distinct"], column["nulls"], column["longest"])]
    different = duckdb.sql(f"SELECT count(*) FROM (SELECT DISTINCT * FROM {table})").fetchall()
    assert different == [(report["rows"] - report["duplicate_rows"],)]


@pytest.mark.parametrize("dialect", confirm.DIALECTS)
def test_names_and_paths_stay_text(dialect: str) -> None:
    text = confirm.Text("/t/a'b\\.csv", ["it's \\' -- x;", "n"], ",", "utf-8")
    view, _rows, *columns = confirm.statements(text, dialect)
    (name,) = [one for one in parse_one(columns[0], read=dialect).selects if one.alias == "name"]  # type: ignore[attr-defined]
    assert name.this.this == "it's \\' -- x;"
    assert ("a\\'b\\\\.csv" if dialect == "spark" else "a''b\\.csv") in view


def test_spark_is_asked_for_no_backslash_and_no_normalisation() -> None:
    text = confirm.Text("/t/a.csv", ["n"], ",", "utf-8")
    sql = "".join(confirm.statements(text, "spark"))
    assert "\\" not in sql
    assert "NORMALIZE" not in sql.upper()


def test_only_text_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n')
    asked = CliRunner().invoke(qilu, ["inspect", str(path), "--sql", "spark"])
    assert asked.exit_code == 1
    assert "CSV" in asked.output
