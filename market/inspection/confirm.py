"""The exact figures of a report once more, as SQL that anybody can run: DuckDB on one machine, Spark on many.

The table is read as text, its columns named ``c0``, ``c1`` … by their place. Each column is first brought into a
state: how often each canonical text stands, by kind of cell. States of parts are put together by writing them
into one table, since counts add and texts are a set; the figures are taken from the state, whole or put together.
The texts follow rules 1 to 3 of :mod:`market.inspection.content`. The expressions hold no backslash and no ``$``
alone, which the two read differently; a shape fits when what it matches is the whole cell.

Spark has no Unicode normalisation: there, texts that differ by it alone count as two.
"""

# ruff: noqa: S608 - every text in it is quoted

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from market.inspection import content

DIALECTS = ("duckdb", "spark")
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_DAY = r"[1-9][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}"
_FRACTION = r"(?:[.][0-9]{1,6})?"
_MOMENT = rf"{_DAY}[ T]{_TIME}{_FRACTION}Z?"
_NUMBER = content.NUMBER.replace(r"\.", "[.]")
_CODECS = {"utf-8-bom": "utf-8"}
KINDS = {
    "integers": ("integer",), "numbers": ("integer", "decimal"), "dates": ("date",), "moments": ("moment",),
    "booleans": ("boolean",),
}  # fmt: skip
"""Figures that count cells, and the kinds of cell that each counts."""


@dataclass(frozen=True)
class Text:
    """A delimited file to be asked.

    Attributes:
        path: where it is.
        names: of its columns.
        delimiter: between its cells.
        encoding: as :mod:`market.inspection.reading.scan` calls it.
    """

    path: str
    names: Sequence[str]
    delimiter: str
    encoding: str

    @classmethod
    def of(cls, path: Path, report: Mapping[str, Any]) -> Self:
        """Return a file as its report describes it."""
        file, names = report["file"], [column["name"] for column in report["columns"]]
        return cls(str(path.resolve()), names, file["delimiter"], file["encoding"])


def statements(text: Text, dialect: str) -> list[str]:
    """Return the statements that confirm a report: the table, its rows, then each column.

    Args:
        text: the file.
        dialect: one of :data:`DIALECTS`.
    """
    width = len(text.names)
    asked = [f"WITH state AS ({rows_state(width)}) {rows_figures(width)}"]
    for place, name in enumerate(text.names):
        asked.append(f"WITH state AS ({column_state(place)}) {column_figures(name)}")
    return [_view(text, dialect), *(written(one, dialect) for one in asked)]


def written(sql: str, dialect: str) -> str:
    """Return a statement of this module as a dialect has it."""
    from sqlglot import exp, parse_one

    tree = parse_one(sql, read="duckdb")
    if dialect == "spark":
        for call in list(tree.find_all(exp.Anonymous)):
            if call.name.lower() == "nfc_normalize":  # Spark has none
                call.replace(call.expressions[0])
    return tree.sql(dialect, pretty=True)


def column_state(place: int) -> str:
    """Return the SQL of a column's state: each canonical text, the kind of its cells, and how many they are."""
    cell = f"c{place}"
    return f"SELECT {_canonical(cell)} AS value, {_kind(cell)} AS kind, count(*) AS times FROM data GROUP BY 1, 2"


def column_figures(name: str) -> str:
    """Return the SQL of a column's figures from its state.

    Args:
        name: of the column, from the header.
    """
    counts = ", ".join(
        f"coalesce(sum(times) FILTER (WHERE kind IN ({', '.join(map(_quoted, kinds))})), 0) AS {figure}"
        for figure, kinds in KINDS.items()
    )
    return (
        f"SELECT {_quoted(name)} AS name, coalesce(sum(times) FILTER (WHERE value IS NULL), 0) AS nulls, "
        "count(DISTINCT value) AS distinct_values, min(length(value)) AS shortest, max(length(value)) AS longest, "
        f"{counts} FROM state"
    )


def rows_state(width: int) -> str:
    """Return the SQL of the rows' state: each row in canonical text, and how often it stands."""
    cells = ", ".join(f"{_canonical(f'c{place}')} AS v{place}" for place in range(width))
    places = ", ".join(str(place + 1) for place in range(width))
    return f"SELECT {cells}, count(*) AS times FROM data GROUP BY {places}"


def rows_figures(width: int) -> str:
    """Return the SQL of how many rows there are, and how many stand after another like them."""
    values = ", ".join(f"v{place}" for place in range(width))
    return (
        "SELECT sum(times) AS rows_read, sum(times) - count(*) AS duplicate_rows "
        f"FROM (SELECT sum(times) AS times FROM state GROUP BY {values}) AS different"
    )


def _view(text: Text, dialect: str) -> str:
    encoding = _CODECS.get(text.encoding, text.encoding)
    columns = [f"c{place}" for place in range(len(text.names))]
    if dialect == "spark":
        listed = ", ".join(f"{column} STRING" for column in columns)
        options = {
            "path": text.path, "header": "true", "sep": text.delimiter, "quote": '"', "escape": '"',
            "multiLine": "true", "encoding": encoding, "nullValue": "", "emptyValue": "", "mode": "FAILFAST",
        }  # fmt: skip
        given = ", ".join(f"{name} {_spark_quoted(value)}" for name, value in options.items())
        return f"CREATE OR REPLACE TEMPORARY VIEW data ({listed}) USING csv OPTIONS ({given})"
    listed = ", ".join(f"'{column}': 'VARCHAR'" for column in columns)
    return (
        f"CREATE OR REPLACE TEMPORARY VIEW data AS SELECT * FROM read_csv({_quoted(text.path)}, "
        f"columns = {{{listed}}}, header = true, auto_detect = false, delim = {_quoted(text.delimiter)}, "
        f"quote = '\"', escape = '\"', nullstr = '', encoding = {_quoted(encoding)}, max_line_size = 8388608)"
    )


def _canonical(cell: str) -> str:
    """Return the SQL of rules 1 to 3 for a text cell."""
    plain = (
        f"nullif(nfc_normalize(replace(replace({cell}, chr(13) || chr(10), chr(10)), chr(13), chr(10))), '')"
    )
    return f"coalesce({_number(cell)}, {_date(cell)}, {_moment(cell)}, {plain})"


def _kind(cell: str) -> str:
    """Return the SQL of what kind of value a text cell is."""
    return (
        f"CASE WHEN {_fits(cell, content.INTEGER)} THEN 'integer' WHEN {_fits(cell, _NUMBER)} THEN 'decimal' "
        f"WHEN {_date(cell)} IS NOT NULL THEN 'date' WHEN {_moment(cell)} IS NOT NULL THEN 'moment' "
        f"WHEN {cell} IN ('true', 'false') THEN 'boolean' ELSE 'text' END"
    )


def _number(cell: str) -> str:
    short = f"CASE WHEN contains({cell}, '.') THEN rtrim(rtrim({cell}, '0'), '.') ELSE {cell} END"
    return f"CASE WHEN {_fits(cell, _NUMBER)} THEN CASE {short} WHEN '-0' THEN '0' ELSE {short} END END"


def _date(cell: str) -> str:
    day = f"CAST(try_cast(replace({cell}, '/', '-') AS DATE) AS VARCHAR)"
    return f"CASE WHEN {_fits(cell, content.DATE)} THEN {day} END"


def _moment(cell: str) -> str:
    day = f"CAST(try_cast(regexp_extract({cell}, {_quoted(_DAY)}, 0) AS DATE) AS VARCHAR)"
    time = f"regexp_extract({cell}, {_quoted(_TIME)}, 0)"
    fraction = f"rtrim(rtrim(regexp_extract({cell}, '[.][0-9]+', 0), '0'), '.')"
    zone = f"regexp_extract({cell}, 'Z', 0)"
    return f"CASE WHEN {_fits(cell, _MOMENT)} THEN {day} || ' ' || {time} || {fraction} || {zone} END"


def _fits(cell: str, shape: str) -> str:
    return f"regexp_extract({cell}, {_quoted(f'^(?:{shape})$')}, 0) = {cell} AND {cell} <> ''"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _spark_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
