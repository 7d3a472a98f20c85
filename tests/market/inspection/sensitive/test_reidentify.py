import duckdb
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from market.inspection.sensitive.classes import Sensitive
from market.inspection.sensitive.reidentify import K, k_of, mixed, quasi
from market.inspection.tally import tally


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=40),
    st.integers(1, 6),
)
def test_groups_are_those_of_sql(rows: list[tuple[int, int, int]], rule: int) -> None:
    columns = [np.array([row[n] for row in rows], np.uint64) for n in range(3)]
    values = ", ".join(f"({a}, {b}, {c})" for a, b, c in rows)
    found = k_of([tally(mixed(columns))], len(rows), rule)
    if not rows:
        assert found == K(0, 0, 0)
        return
    sql = (
        "SELECT min(n), count(*), coalesce(sum(n) FILTER (n < ?), 0) FROM "
        f"(SELECT count(*) AS n FROM (VALUES {values}) AS t(a, b, c) GROUP BY a, b, c)"
    )
    k, groups, below = duckdb.connect().execute(sql, [rule]).fetchone()  # type: ignore[misc]
    assert found == K(k, groups, below)


def test_quasi_identifiers_are_chosen_by_name_and_class() -> None:
    names = ["姓名", "性别", "birthDate", "age", "page", "IP", "amount", "民族"]
    assert quasi(names, {"姓名": Sensitive.NAME, "IP": Sensitive.IP}) == (
        "性别",
        "birthDate",
        "age",
        "IP",
        "民族",
    )
