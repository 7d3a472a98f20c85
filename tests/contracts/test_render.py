import re
import subprocess
import sys
import zlib
from dataclasses import replace

import pytest

from contracts import canonical, glyphs, library, render
from contracts.document import compose
from contracts.errors import RenderError, TermsError
from contracts.first.terms import FirstTerms
from contracts.money import Money
from contracts.render import Rendered
from contracts.wording import numeral
from tests.contracts.first.sample import TERMS
from tests.waiting import SECONDS

LICENCE = replace(TERMS, model="open-licence/0.1", price=Money(0), payment_days=0, quality=())


def made(terms: FirstTerms) -> Rendered:
    return render.render(compose(library.load(terms.model), terms))


@pytest.fixture(scope="module")
def rendered() -> Rendered:
    return made(TERMS)


def test_the_same_bytes_twice(rendered: Rendered) -> None:
    again = made(TERMS)
    assert (again.pdf, again.pages, again.record) == (rendered.pdf, rendered.pages, rendered.record)


def test_another_term_gives_other_bytes(rendered: Rendered) -> None:
    assert made(replace(TERMS, price=Money(1_280_051))).pdf != rendered.pdf


def test_the_record_names_compiler_fonts_and_pages(rendered: Rendered) -> None:
    record = canonical.decode(rendered.record)
    assert record["compiler"].startswith("typst ")
    assert sorted(record["fonts"]) == ["NotoSansSC-Regular.otf", "NotoSerifSC-Regular.otf"]
    assert record["pages"] == [canonical.sha256(page) for page in rendered.pages]


def test_the_typed_terms_travel_inside_the_document(rendered: Rendered) -> None:
    assert rendered.pdf.startswith(b"%PDF-")
    streams = [
        _inflated(part) for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", rendered.pdf, re.DOTALL)
    ]
    draft = compose(library.load(TERMS.model), TERMS)
    assert draft.terms in streams
    assert draft.policy in streams


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def test_pages_are_pictures_without_script_or_outside_reference(rendered: Rendered) -> None:
    for page in rendered.pages:
        assert page.startswith(b"<svg")
        assert b"<script" not in page
        assert not re.search(rb'href="(?!#|data:)', page)


def test_a_free_licence_renders_too() -> None:
    assert made(LICENCE).pdf.startswith(b"%PDF-")


def test_markup_of_users_stays_text() -> None:
    title = '#panic("no") *bold* @x <y> $z$ \\ #import "@preview/a:1.0.0": *'
    assert made(replace(TERMS, subject=replace(TERMS.subject, title=title))).pdf.startswith(b"%PDF-")


def test_rare_characters_of_names_are_set() -> None:
    assert made(replace(TERMS, buyer=replace(TERMS.buyer, name_zh="龘䶮科技有限公司"))).pdf.startswith(
        b"%PDF-"
    )


def test_an_uncovered_character_is_named_with_its_field() -> None:
    with pytest.raises(RenderError) as refused:
        made(replace(TERMS, subject=replace(TERMS.subject, title="天气 ☃🛰")))
    assert refused.value.code == "document.uncovered_character"
    assert "subject.title" in str(refused.value)
    assert "U+1F6F0" in str(refused.value) or "U+2603" in str(refused.value)


def test_a_failing_typesetter_is_an_error_without_paths() -> None:
    draft = compose(library.load(TERMS.model), TERMS)
    broken = replace(draft, model=replace(draft.model, layout='#read("/etc/passwd")'))
    with pytest.raises(RenderError) as refused:
        render.render(broken)
    assert "qilu-contract-" not in str(refused.value)


def test_the_typesetter_has_no_network_and_no_packages() -> None:
    draft = compose(library.load(TERMS.model), TERMS)
    broken = replace(draft, model=replace(draft.model, layout='#import "@preview/example:0.1.0": *'))
    with pytest.raises(RenderError):
        render.render(broken)


def test_this_process_never_loads_the_compiler() -> None:
    code = (
        "import sys, contracts.render, contracts.verify, contracts.service; sys.exit('typst' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=SECONDS).returncode == 0


@pytest.mark.parametrize(
    ("field", "terms"),
    [
        ("price", replace(TERMS, model="open-licence/0.1")),
        ("quality", replace(TERMS, quality=())),
    ],
)
def test_terms_must_suit_their_text(field: str, terms: FirstTerms) -> None:
    with pytest.raises(TermsError) as refused:
        compose(library.load(terms.model), terms)
    assert refused.value.field == field


def test_a_free_contract_asks_for_no_payment() -> None:
    content = compose(library.load(TERMS.model), replace(TERMS, price=Money(0), payment_days=0)).content
    price = next(article for article in content["articles"] if article["title"]["en"] == "Price and payment")
    text = "".join(
        run.get("text", "") for part in price["parts"] if part["kind"] == "text" for run in part["zh"]
    )
    assert "免费" in text
    assert "付清" not in text


def test_articles_are_numbered_in_chinese() -> None:
    assert [numeral(number) for number in (1, 10, 11, 14, 20, 99)] == [
        "一",
        "十",
        "十一",
        "十四",
        "二十",
        "九十九",
    ]


def test_the_fonts_cover_the_common_characters() -> None:
    for name in render.toolchain()["fonts"]:
        known = glyphs.covered(render._fonts() / name)
        assert {ord(character) for character in "齐鲁数据交易甲乙，。《》〔〕—‘’“”ABCxyz0189"} <= known
        assert 0x1F6F0 not in known


def test_a_document_of_version_0_1_is_for_ever_the_same() -> None:
    draft = compose(library.load(TERMS.model), TERMS)
    assert canonical.sha256(canonical.encode(draft.content)) == (
        "091437e9712714a26a143d18f9ebe5260c0213e536e4a65bdac1cf936e6e3f08"
    )
    assert canonical.sha256(draft.terms) == "6c67d2c07216e32f7a17d5b12b01b6ced7639d0dee3a1fc04568fc9de95022f4"
    assert (
        canonical.sha256(draft.policy) == "4e60f94800ad1640b5c698d5564b376ab4e40df08039a9e8e5d94af685783572"
    )
