"""Row rules: a small part of SQL, read with an allow list and type-checked.

``"shipped" >= "ordered" and "status" in ('open', 'closed')``. Column names stand in double quotes. Everything
that is not listed here is denied: first every sign and word of the text, then every node of what the parser
made of it; what DuckDB runs is built afresh from the nodes that were understood. Arithmetic of whole and
decimal numbers is exact; division and columns declared ``float`` are floating point.

A cell that is not of its column's type has no value, as an empty one has none. Where a rule's outcome depends
on it the rule cannot be assessed for that row (SQL's NULL). ``is null`` asks whether the cell is empty.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from market.inspection import content
from market.inspection.declared import patterns
from market.inspection.declared.faults import Facts

LONGEST = 2000
_TOKENS = 300
_DEPTH = 20
_SCALE = 24
"""Most decimal places of a product; DuckDB holds 38 digits in all."""
_TOKEN = re.compile(
    r"""\s+|'(?:[^']|'')*'|"(?:[^"]|"")+"|[A-Za-z_]\w*|[0-9]{1,18}(?:\.[0-9]{1,8})?(?![\w.])"""
    r"""|<=|>=|<>|!=|[-+*/%=<>(),]""",
    re.ASCII,
)
WORDS = frozenset(
    ("and", "or", "not", "in", "between", "is", "null", "true", "false",
     "length", "abs", "lower", "upper", "regexp_matches", "coalesce", "date", "timestamp")
)  # fmt: skip
_MOMENT = r"[1-9][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}[ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z?"
_CASTS = {
    "integer": (r"-?(0|[1-9][0-9]{0,17})", "DECIMAL(18, 0)"),
    "decimal": (r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,8})?", "DECIMAL(28, 8)"),
    "float": (content.NUMBER, "DOUBLE"),
    "boolean": ("true|false", "BOOLEAN"),
    "date": (content.DATE, "DATE"),
    "timestamp": (_MOMENT, "TIMESTAMP"),
}
_KINDS = {"integer": "number", "decimal": "number", "float": "number"}
_SCALES = {"decimal": 8}


class Denied(Exception):
    """A rule cannot be taken.

    Args:
        code: stable identifier, one of :data:`market.inspection.declared.wording.MESSAGES`.
        facts: what a person needs to find the fault.
    """

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts: Facts = facts


@dataclass(frozen=True)
class _Term:
    """A part that was understood: its kind, the decimal places it may have, and the node that computes it."""

    kind: str
    node: Any
    scale: int = 0
    constant: bool = True


def parse(expression: str, types: Mapping[str, str]) -> None:
    """Hold a rule against the allow list and the declared columns.

    Args:
        expression: the rule.
        types: of the declared columns, by name.

    Raises:
        Denied: it cannot be taken.
    """
    compiled(expression, types, {name: f"c{place}" for place, name in enumerate(types)})


def compiled(
    expression: str, types: Mapping[str, str], places: Mapping[str, str], dialect: str = "duckdb"
) -> str:
    """Return a rule as SQL over columns of text.

    Args:
        expression: the rule.
        types: of the declared columns, by name.
        places: what each column is called in the table, by name.
        dialect: the SQL to write.

    Raises:
        Denied: it cannot be taken.
    """
    from sqlglot import errors, parse_one

    _signs(expression)
    try:
        tree = parse_one(expression, dialect="duckdb")
    except (errors.SqlglotError, RecursionError, ValueError) as error:
        raise Denied("rule.syntax") from error
    term = _Reading(types, places).term(tree)
    if term.kind != "boolean":
        raise Denied("rule.no_condition")
    if term.constant:
        raise Denied("rule.constant")
    return str(term.node.sql(dialect=dialect, comments=False))


def _signs(expression: str) -> None:
    """Deny every sign and word that no rule needs."""
    if not expression.strip() or len(expression) > LONGEST:
        raise Denied("rule.long", most=LONGEST)
    place, tokens, depth = 0, 0, 0
    while place < len(expression):
        found = _TOKEN.match(expression, place)
        if found is None or expression.startswith("--", place) or not _visible(found[0]):
            raise Denied("rule.sign", near=ascii(expression[place : place + 20]))
        word = found[0]
        if (word[0].isalpha() or word[0] == "_") and word.lower() not in WORDS:
            raise Denied("rule.word", word=word)
        tokens += not word.isspace()
        depth += (word == "(") - (word == ")")
        if tokens > _TOKENS or depth > _DEPTH:
            raise Denied("rule.deep")
        place = found.end()


def _visible(token: str) -> bool:
    return token.isprintable() or set(token) <= set(" \t\n")


class _Reading:
    """Turns nodes of the parser into terms; a node that is not listed is denied."""

    def __init__(self, types: Mapping[str, str], places: Mapping[str, str]) -> None:
        from sqlglot import exp

        self._exp = exp
        self._types = types
        self._places = places
        self._comparisons = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
        self._arithmetic = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)

    def term(self, node: Any, depth: int = 0) -> _Term:
        """Understand one node and all below it."""
        if depth > _TOKENS:
            raise Denied("rule.deep")
        exp, below = self._exp, depth + 1
        match node:
            case exp.Paren():
                self._only(node, "this")
                return self.term(node.this, below)
            case exp.And() | exp.Or():
                self._only(node, "this", "expression")
                return self._join(node, self._of("boolean", node.this, below), node.expression, below)
            case exp.Not():
                self._only(node, "this")
                inner = self._of("boolean", node.this, below)
                return _Term("boolean", exp.Paren(this=exp.Not(this=inner.node)), constant=inner.constant)
            case exp.Between() | exp.In() | exp.Is():
                return self._asked(node, below)
            case exp.Column():
                return self._column(node)
            case exp.Coalesce():
                return self._coalesce(node, below)
        if type(node) in self._comparisons:
            self._only(node, "this", "expression")
            left = self.term(node.this, below)
            return self._join(node, left, node.expression, below)
        if type(node) in self._arithmetic:
            return self._computed(node, below)
        return self._single(node, below)

    def _only(self, node: Any, *names: str) -> None:
        """Deny a node that says more than is understood."""
        if node.comments or {name for name, value in node.args.items() if value} - set(names):
            raise Denied("rule.part", part=node.key)

    def _of(self, kind: str, node: Any, depth: int) -> _Term:
        term = self.term(node, depth)
        if term.kind != kind:
            raise Denied("rule.kinds", left=kind, right=term.kind)
        return term

    def _alike(self, left: _Term, right: _Term) -> None:
        times = {"date", "timestamp"}
        if left.kind != right.kind and not {left.kind, right.kind} <= times:
            raise Denied("rule.kinds", left=left.kind, right=right.kind)

    def _join(self, node: Any, left: _Term, other: Any, depth: int) -> _Term:
        """A condition of two terms of one kind."""
        right = self.term(other, depth)
        self._alike(left, right)
        made = self._exp.Paren(this=type(node)(this=left.node, expression=right.node))
        return _Term("boolean", made, constant=left.constant and right.constant)

    def _asked(self, node: Any, depth: int) -> _Term:
        exp = self._exp
        if isinstance(node, exp.Is):
            self._only(node, "this", "expression")
            if type(node.expression) is not exp.Null or type(node.this) is not exp.Column:
                raise Denied("rule.part", part="is")
            self._column(node.this)
            empty = exp.Is(this=self._cell(node.this), expression=exp.Null())
            return _Term("boolean", exp.Paren(this=empty), constant=False)
        subject = self.term(node.this, depth)
        if isinstance(node, exp.Between):
            self._only(node, "this", "low", "high")
            parts = [self.term(node.args["low"], depth), self.term(node.args["high"], depth)]
            made = exp.Between(this=subject.node, low=parts[0].node, high=parts[1].node)
        else:
            self._only(node, "this", "expressions")
            parts = [self.term(one, depth) for one in node.expressions]
            made = exp.In(this=subject.node, expressions=[part.node for part in parts])
        if not parts:
            raise Denied("rule.part", part=node.key)
        for part in parts:
            self._alike(subject, part)
        return _Term(
            "boolean", exp.Paren(this=made), constant=subject.constant and all(p.constant for p in parts)
        )

    def _cell(self, node: Any) -> Any:
        """The text of a column's cell."""
        return self._exp.column(self._places[node.this.this], quoted=True)

    def _column(self, node: Any) -> _Term:
        exp = self._exp
        self._only(node, "this")
        if type(node.this) is not exp.Identifier or not node.this.args.get("quoted"):
            raise Denied("rule.part", part="column")
        name = node.this.this
        if name not in self._types or name not in self._places:
            raise Denied("rule.column", name=name)
        kind = self._types[name]
        if kind not in _CASTS:
            return _Term("text", self._cell(node), constant=False)
        form, stored = _CASTS[kind]
        text = self._cell(node)
        value: Any = text
        if kind in {"date", "timestamp"}:
            value = exp.func("REPLACE", text, exp.Literal.string("/" if kind == "date" else "Z"),
                             exp.Literal.string("-" if kind == "date" else ""))  # fmt: skip
        cast = exp.TryCast(this=value, to=exp.DataType.build(stored))
        formed = exp.RegexpLike(this=text.copy(), expression=exp.Literal.string(f"^(?:{form})$"))
        made = exp.Case(ifs=[exp.If(this=formed, true=cast)])
        return _Term(_KINDS.get(kind, kind), made, _SCALES.get(kind, 0), constant=False)

    def _coalesce(self, node: Any, depth: int) -> _Term:
        """An empty cell is replaced; one that is not of its type is not."""
        exp = self._exp
        self._only(node, "this", "expressions")
        if type(node.this) is not exp.Column or len(node.expressions) != 1:
            raise Denied("rule.part", part="coalesce")
        cell, other = self._column(node.this), self.term(node.expressions[0], depth)
        self._alike(cell, other)
        empty = exp.Is(this=self._cell(node.this), expression=exp.Null())
        made = exp.Case(ifs=[exp.If(this=empty, true=other.node)], default=cell.node)
        return _Term(cell.kind, made, max(cell.scale, other.scale), constant=False)

    def _computed(self, node: Any, depth: int) -> _Term:
        exp = self._exp
        self._only(node, "this", "expression", "typed", "safe")
        left, right = self.term(node.this, depth), self.term(node.expression, depth)
        constant = left.constant and right.constant
        days = isinstance(node, exp.Sub) and left.kind == right.kind == "date"
        if not days and not left.kind == right.kind == "number":
            raise Denied("rule.kinds", left=left.kind, right=right.kind)
        scale, divisor = max(left.scale, right.scale), right.node
        if isinstance(node, exp.Mul):
            scale = left.scale + right.scale
        if scale > _SCALE:
            raise Denied("rule.deep")
        if isinstance(node, (exp.Div, exp.Mod)):
            divisor = exp.Nullif(this=right.node, expression=exp.Literal.number(0))
        made = exp.Paren(this=type(node)(this=left.node, expression=divisor))
        return _Term("number", made, scale, constant)

    def _single(self, node: Any, depth: int) -> _Term:
        """Functions of one column, signs, and constants."""
        exp = self._exp
        match node:
            case exp.Neg() | exp.Abs():
                self._only(node, "this")
                inner = self._of("number", node.this, depth)
                made = exp.Paren(this=type(node)(this=inner.node))
                return _Term("number", made, inner.scale, inner.constant)
            case exp.Length() | exp.Lower() | exp.Upper():
                self._only(node, "this")
                inner = self._of("text", node.this, depth)
                kind = "number" if isinstance(node, exp.Length) else "text"
                return _Term(kind, type(node)(this=inner.node), constant=inner.constant)
            case exp.RegexpLike():
                self._only(node, "this", "expression")
                inner = self._of("text", node.this, depth)
                made = exp.RegexpLike(this=inner.node, expression=self._pattern(node.expression))
                return _Term("boolean", made, constant=inner.constant)
            case exp.Boolean():
                return _Term("boolean", exp.Boolean(this=bool(node.this)))
            case exp.Literal() if node.is_string:
                return _Term("text", exp.Literal.string(node.this))
            case exp.Literal():
                places = len(node.this.partition(".")[2])
                return _Term("number", exp.Literal.number(node.this), places)
            case exp.Cast() if type(node) is exp.Cast:
                return self._moment(node)
        raise Denied("rule.part", part=getattr(node, "key", "?"))

    def _pattern(self, node: Any) -> Any:
        exp = self._exp
        if type(node) is not exp.Literal or not node.is_string:
            raise Denied("rule.pattern")
        try:
            return exp.Literal.string(patterns.portable(node.this))
        except ValueError as error:
            raise Denied("rule.pattern") from error

    def _moment(self, node: Any) -> _Term:
        """``date '2026-01-31'`` or ``timestamp '2026-01-31 08:00:00'``."""
        from market.inspection.declared import model

        exp = self._exp
        self._only(node, "this", "to")
        kind = {"DATE": "date", "TIMESTAMP": "timestamp", "TIMESTAMPNTZ": "timestamp"}.get(node.to.this.name)
        if kind is None or type(node.this) is not exp.Literal or not node.this.is_string:
            raise Denied("rule.part", part="cast")
        if not model.fits(kind, node.this.this):
            raise Denied("rule.moment", value=node.this.this[:40])
        made = exp.Cast(this=exp.Literal.string(node.this.this), to=exp.DataType.build(kind.upper()))
        return _Term(kind, made)
