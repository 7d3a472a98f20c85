"""The checks of an inspection as one would write them in plain DuckDB SQL: ``python -m tests.bench.plain FILE``.

Text is read once into a table. Each column is grouped once by its cells, so that every expression is worked out once
a different value and weighted: kinds, lengths, dirt, shapes of sensitive numbers, the check character of resident
identity numbers, the extremes and the most frequent values. Then rows are grouped for the duplicates. No histogram,
digest or sketch is made.
"""

import sys

import duckdb

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_DAY = "try_cast(replace(v, '/', '-') AS DATE)"
_SUM = " + ".join(f"{weight} * (ascii(v[{place}]) - 48)" for place, weight in enumerate(_WEIGHTS, 1))
_IDENTITY = "regexp_full_match(v, '[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]{4}[0-9Xx]')"
_PLACES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤川青藏琼宁"
_VALUE = r"""
    CASE WHEN regexp_full_match(v, '-?(0|[1-9][0-9]*)(\.[0-9]+)?')
         THEN CASE WHEN contains(v, '.') THEN rtrim(rtrim(v, '0'), '.') ELSE v END
         WHEN regexp_full_match(v, '[1-9][0-9]{3}[-/][0-9]{1,2}[-/][0-9]{1,2}')
         THEN coalesce(try_cast(replace(v, '/', '-') AS DATE)::VARCHAR, v)
         ELSE nfc_normalize(v) END
"""
_FACTS = rf"""
    SELECT sum(n) FILTER (WHERE v IS NULL), count(DISTINCT {_VALUE}), min(length(v)), max(length(v)),
        min(v), max(v), min(try_cast(v AS DOUBLE)), max(try_cast(v AS DOUBLE)),
        sum(n) FILTER (WHERE regexp_full_match(v, '-?(0|[1-9][0-9]*)')),
        sum(n) FILTER (WHERE regexp_full_match(v, '-?(0|[1-9][0-9]*)(\.[0-9]+)?')),
        sum(n) FILTER (WHERE regexp_full_match(v, '[1-9][0-9]{{3}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}')
            AND {_DAY} IS NOT NULL),
        sum(n) FILTER (WHERE regexp_full_match(v, '[1-9][0-9]{{3}}-[0-9]{{1,2}}-[0-9]{{1,2}}[ T][0-9:.]+Z?')
            AND try_cast(v AS TIMESTAMP) IS NOT NULL),
        sum(n) FILTER (WHERE v IN ('true', 'false')),
        sum(n) FILTER (WHERE regexp_matches(v, '^\s|\s$')),
        sum(n) FILTER (WHERE regexp_matches(v, '[\x01-\x08\x0B\x0C\x0E-\x1F\x7F]')),
        sum(n) FILTER (WHERE regexp_matches(v, '[\x{{AD}}\x{{200B}}-\x{{200F}}\x{{2060}}-\x{{2064}}\x{{FEFF}}]')),
        sum(n) FILTER (WHERE regexp_matches(v, '\x{{FFFD}}|锟斤拷|烫烫烫|屯屯屯|[ÂÃ][\x{{A0}}-\x{{BF}}]')),
        sum(n) FILTER (WHERE v IN ('-', '--', '/', '?', 'N/A', 'NA', 'NULL', 'null', 'None', 'nan', '无', '未知')),
        sum(n) FILTER (WHERE regexp_full_match(v, '(\+?86)?1[3-9][0-9]{{9}}')),
        sum(n) FILTER (WHERE regexp_full_match(v, '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{{2,}}')),
        sum(n) FILTER (WHERE regexp_full_match(v, '[0-9]{{15,19}}')),
        sum(n) FILTER (WHERE regexp_full_match(v, '[0-9A-HJ-NPQRTUWXY]{{2}}[0-9]{{6}}[0-9A-HJ-NPQRTUWXY]{{10}}')),
        sum(n) FILTER (WHERE regexp_full_match(v, '([0-9]{{1,3}}\.){{3}}[0-9]{{1,3}}')),
        sum(n) FILTER (WHERE regexp_full_match(v, '[EGDSPH][0-9]{{8}}')),
        sum(n) FILTER (WHERE regexp_full_match(v, '[{_PLACES}][A-Z][A-Z0-9]{{5,6}}')),
        sum(n) FILTER (WHERE regexp_full_match(v, '[一-龥·]{{2,4}}')),
        sum(n) FILTER (WHERE regexp_matches(v, '(省|市|区|县|路|街|号)')),
        sum(n) FILTER (WHERE {_IDENTITY}),
        sum(n) FILTER (WHERE CASE WHEN {_IDENTITY}
            THEN '10X98765432'[({_SUM}) % 11 + 1] = upper(v[18]) ELSE false END)
    FROM counted
"""


def _say(*facts: object) -> None:
    sys.stdout.write(f"{facts}\n")


def main(path: str) -> None:
    """Check a file and print every answer."""
    engine = duckdb.connect(config={"threads": 2})
    engine.execute("CREATE TABLE data AS SELECT * FROM read_csv($path, all_varchar = true)", {"path": path})
    names = [row[0] for row in engine.execute("DESCRIBE data").fetchall()]
    for name in names:
        engine.execute(
            f'CREATE OR REPLACE TABLE counted AS SELECT "{name}" AS v, count(*) AS n FROM data GROUP BY 1'
        )
        _say(name, engine.execute(_FACTS).fetchall())
        _say(
            engine.execute(
                "SELECT v, n FROM counted WHERE v IS NOT NULL ORDER BY n DESC, v LIMIT 64"
            ).fetchall()
        )
    _say(
        engine.execute(
            "SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT * FROM data)) FROM data"
        ).fetchall()
    )


if __name__ == "__main__":
    main(sys.argv[1])
