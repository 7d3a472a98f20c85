"""What a rule may say, and that nothing else gets through."""

import json

import duckdb
import pytest

from market.inspection.declared import model, rules, wording
from market.inspection.declared.faults import Invalid

TYPES = {
    "a": "integer",
    "b": "decimal",
    "t": "text",
    "d": "date",
    "m": "timestamp",
    "f": "boolean",
    "x": "float",
}
PLACES = {name: f"c{place}" for place, name in enumerate(TYPES)}
ROW = ("3", "0.30", "Ab", "2026/1/5", "2026-01-05T10:00:00Z", "true", "0.5")

DENIED = [
    # reaching elsewhere
    '"a" in (select 1)',
    '(select count(*) from "t") > 0',
    "exists (select 1)",
    "read_csv('/etc/passwd') = 1",
    '"read_csv"(\'/etc/passwd\') = "t"',
    "\"t\" = read_text('/etc/passwd')",
    '"main"."t" = \'a\'',
    "\"t\" = getenv('HOME')",
    '"a" = 1; drop table x',
    '"a" = 1 union all select 2',
    "'/etc/passwd' = \"/etc/passwd\"",
    # other SQL
    'sum("a") over () > 1',
    'sum("a") > 1',
    "list_transform([1], x -> x) = [1]",
    'cast("t" as integer) = 1',
    "\"t\"::blob = 'a'",
    "try_cast(\"t\" as json) = 'a'",
    "{'a': 1} = 1",
    '"a" = $1',
    '"a" = ?',
    '"a" = @b',
    "\"t\" like 'a%'",
    "\"t\" || 'a' = 'b'",
    "'a' 'b' = \"t\"",
    'case when true then 1 end = "a"',
    "interval '1' day = \"a\"",
    "a = 1",
    '"a" as "b"',
    '"t" "u"',
    "date(\"t\") = date '2026-01-01'",
    "date '2026-02-30' = \"d\"",
    "date 'infinity' = \"d\"",
    "timestamp 'epoch' = \"m\"",
    "E'\\x41' = \"t\"",
    "x'41' = \"t\"",
    'coalesce(1, 2) = "a"',
    'coalesce("a", 1, 2) = 1',
    '"a" in ()',
    # comments and signs
    '"a" = 1 -- comment',
    '"a" = 1 /* comment */',
    '"a" = 1 # comment',
    '"a" \uff1d 1',
    "\u201ca\u201d = 1",
    '"a" = \uff11',
    "\"t\" = 'a\u202eb'",
    '"a" = 1\u00a0',
    "\"t\" = 'a\x00'",
    '"t" = \'open',
    "`a` = 1",
    # size
    "(" * 21 + '"a" = 1' + ")" * 21,
    " and ".join(['"a" = 1'] * 100),
    "not " * 300 + '"f"',
    " " * 2001,
    "",
    '"a" = 1e400',
    '"a" = 1234567890123456789',
    '"b"*"b"*"b"*"b" = 1',
    # kinds
    '"a" = "t"',
    '"t" > 1',
    "\"d\" = '2026-01-01'",
    '"d" + 1 = "d"',
    'abs("t") = 1',
    'length("a") = 1',
    '"a"',
    '"a" + 1',
    '"a" and "f"',
    "1 = 1",
    "true",
    '"nobody" = 1',
    '"f" is true',
    '("a" + 1) is null',
    "regexp_matches(\"t\", '(?=a)')",
    'regexp_matches("t", "t")',
    "regexp_matches(\"t\", 'a', 'i')",
    "regexp_matches(\"t\", '((a{99}){99}){99}')",
]


@pytest.mark.parametrize("expression", DENIED)
def test_what_is_not_listed_is_denied_with_a_sentence(expression: str) -> None:
    with pytest.raises(rules.Denied) as denied:
        rules.parse(expression, TYPES)
    assert denied.value.code in wording.MESSAGES


ALLOWED = [
    ('"a" = 3 and not "a" > 3', True),
    ('"b" + 0.1 = 0.4', True),  # exact, not floating point
    ('"b" between 0 and 1 or "a" in (7, 8)', True),
    ('lower("t") = \'ab\' and upper("t") <> \'ab\' and length("t") = 2', True),
    ('"d" = date \'2026-01-05\' and "d" <= "m"', True),
    ("\"m\" = timestamp '2026-01-05 10:00:00'", True),
    ("\"d\" - date '2026-01-01' = 4", True),
    ('regexp_matches("t", \'^[A-Z]\\w$\') = "f"', True),
    ('"f" and "x" * 2 = 1', True),
    ('"a" / 2 = 1.5 and "a" % 2 = 1 and abs(-"a") = 3', True),
    ('"a" / 0 > 1', None),
    ('"a" - 1 - 1 = 1 and 10 - ("a" - 1) = 8', True),
    ('coalesce("a", 0) = 3', True),
    ('"t" is not null and not "t" is null', True),
    ("\"t\" = 'it''s'", False),
]


@pytest.mark.parametrize(("expression", "expected"), ALLOWED)
def test_a_rule_says_what_it_says(expression: str, expected: bool | None) -> None:
    query = rules.compiled(expression, TYPES, PLACES)
    values = ", ".join(f"'{cell}' AS c{place}" for place, cell in enumerate(ROW))
    assert duckdb.sql(f"SELECT {query} FROM (SELECT {values})").fetchall() == [(expected,)]


def test_a_column_may_have_any_name() -> None:
    name = '年"; drop table'
    assert rules.compiled('"年""; drop table" = 1', {name: "integer"}, {name: "c0"}).count("c0") == 2


def test_rules_can_be_written_for_spark() -> None:
    assert "RLIKE" in rules.compiled("regexp_matches(\"t\", '^a$')", TYPES, PLACES, "spark")


def test_a_denied_rule_is_a_fault_of_its_field() -> None:
    document = {"columns": [{"name": "a"}], "rules": [{"expression": '"b" = 1'}]}
    with pytest.raises(Invalid) as invalid:
        model.from_json(json.dumps(document))
    fault = invalid.value.faults[0]
    assert (fault.path, fault.code, fault.facts) == ("rules.0.expression", "rule.column", {"name": "b"})
    assert wording.explain(fault) == "There is no declared column b."
