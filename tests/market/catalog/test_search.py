import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from market.catalog import search
from market.catalog.models import Listing
from market.catalog.reading import Filters, page_of
from market.db import read, transaction
from tests import assets


def test_text_is_cut_into_pairs_and_words() -> None:
    assert search.tokens("山东省天气 Seattle-Weather 2012") == [
        "山东", "东省", "省天", "天气", "气", "seattle", "weather", "2012",
    ]  # fmt: skip
    assert search.tokens("ＡＢＣ　Straße ﬁne") == ["abc", "strasse", "fine"]
    assert search.tokens("水") == ["水"]
    assert search.tokens("—、。 !? _") == []
    assert search.tokens("x" * 100) == ["x" * 40]


FOUND = [
    ("天气", True),
    ("山东", True),
    ("天气 山东", True),
    ("山东天气", True),
    ("东", True),
    ("气", True),
    ("气象", True),  # the sector's name
    ("metEOROlogy", True),
    ("clean", True),  # the beginning of "cleaned"
    ("２０２６", True),
    ("天气 2026 cities", True),
    ("北京", False),
    ("天东", False),
    ("天气 北京", False),
    ("leaned", False),
    ("'\"; DROP TABLE listing --", False),
    ("天气 OR 北京", False),
    ("NOT", False),
    ("山东' & '天气", True),
    ("***", False),
    ("\\' : | & ! ( ) < >", False),
]


def test_both_databases_find_the_same(exchange: Flask, listing: str) -> None:
    for query, expected in FOUND:
        with read() as session:
            page = page_of(session, Filters(query=query))
        assert [row.number for row in page.items] == ([listing] if expected else []), query


def test_indexing_again_replaces_what_was_there(exchange: Flask, listing: str) -> None:
    with transaction() as session:
        row = session.scalars(select(Listing).where(Listing.number == listing)).one()
        search.put(session, row.id, "海洋")
        search.remove(session, uuid.uuid4())
    with read() as session:
        assert page_of(session, Filters(query="天气")).items == []
        assert len(page_of(session, Filters(query="海洋")).items) == 1


@pytest.fixture
def listing(exchange: Flask) -> str:
    return assets.listed(assets.provider())
