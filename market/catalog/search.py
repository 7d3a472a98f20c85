"""Finding listings by words: the same tokens in FTS5 on SQLite and in a tsvector on PostgreSQL.

Tokens are made here, not in the database: text in NFKC and folded case; a run of Chinese, Japanese or
Korean characters gives its overlapping pairs and its last character; letters and digits give words.
A query must match all of its tokens; words match by their beginning, and so does a single character.
(FTS5's own trigram tokenizer finds nothing for two-character words, the commonest length in Chinese.)

The index is a copy: not stateful, written in the transaction of the step that changes a listing.
"""

import re
import unicodedata
import uuid

from sqlalchemy import (
    ColumnElement,
    String,
    Text,
    Uuid,
    cast,
    column,
    delete,
    insert,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql import func

LONGEST = 40
"""Longest word that is kept whole, in characters."""

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{_CJK}]+|[^\\W_{_CJK}]+")
_INDEX = table("listing_search", column("listing_id", Uuid()), column("tokens", String()))


def tokens(text: str) -> list[str]:
    """Return the tokens of a text that is indexed, each once, in order."""
    found: list[str] = []
    for run in _runs(text):
        found += [*_pairs(run), run[-1]] if _is_cjk(run) else [run]
    return list(dict.fromkeys(found))


def put(session: Session, listing_id: uuid.UUID, text: str) -> None:
    """Index a listing under a text, in place of what it was indexed under before."""
    remove(session, listing_id)
    words = tokens(text)
    value = func.array_to_tsvector(cast(words, ARRAY(Text))) if _is_postgresql(session) else " ".join(words)
    session.execute(insert(_INDEX).values(listing_id=listing_id, tokens=value))


def remove(session: Session, listing_id: uuid.UUID) -> None:
    """Take a listing out of the index."""
    session.execute(delete(_INDEX).where(_INDEX.c.listing_id == listing_id))


def matching(
    session: Session, listing_id: InstrumentedAttribute[uuid.UUID], query: str
) -> ColumnElement[bool] | None:
    """Return the condition that a listing matches what somebody typed; None when that holds no word."""
    wanted = _wanted(query)
    if not wanted:
        return None
    if _is_postgresql(session):
        parts = (f"'{word}'{':*' if prefix else ''}" for word, prefix in wanted)
        found = cast(_INDEX.c.tokens, TSVECTOR).op("@@")(cast(" & ".join(parts), TSQUERY))
    else:
        parts = (f'"{word}"{"*" if prefix else ""}' for word, prefix in wanted)
        found = literal_column("listing_search.tokens").op("MATCH")(" ".join(parts))
    return listing_id.in_(select(_INDEX.c.listing_id).where(found))


def _wanted(query: str) -> list[tuple[str, bool]]:
    """Return the tokens of a query and whether each may be only a beginning."""
    found: list[tuple[str, bool]] = []
    for run in _runs(query):
        if _is_cjk(run) and len(run) > 1:
            found += [(pair, False) for pair in _pairs(run)]
        else:
            found.append((run, True))
    return list(dict.fromkeys(found))


def _runs(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [run if _is_cjk(run) else run[:LONGEST] for run in _RUN.findall(folded)]


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)]


def _is_cjk(run: str) -> bool:
    return re.match(f"[{_CJK}]", run) is not None


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
