"""What a stranger writes into a blank is printed as it is written or refused with the blank named; it is never markup.

Each text goes through the form of a real page; the PDF is read back by a program that is not ours (poppler).
"""

import resource
import subprocess
import time
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from flask import Flask

from contracts import blanks, document, library, render
from contracts.errors import UncoveredError
from contracts.library import Model
from market.texts import form
from tests import model_texts
from tests.market.texts.browser import Browser
from tests.market.texts.conftest import Draw

DAY: Final = date(2026, 11, 30)

MARKUP: Final = [
    '#import "@preview/cetz:0.3.1"', "#include \"/etc/passwd\"", '#read("/etc/passwd")', '#json("content.json")',
    '#read("../../../../etc/passwd")', '#plugin("a.wasm")', '#image("/etc/hostname")', "#eval(\"1+1\")",
    "#panic(\"x\")", "#sys.inputs", "#set page(width: 1pt)", "#show: none", "#let it = none", "#while true {}",
    "#for i in range(999999999) [x]", "#pagebreak()", "#counter(page).update(0)", "#link(\"https://example.org\")[x]",
    "#metadata(1)", "#context here()", "#pdf.attach(\"content.json\")", "#raw(read(\"job.json\"))", "#hide[x]",
    "#text(size: 0pt)[x]", "#place(top)[x]", "#highlight[x]", "#bibliography(\"x.bib\")", "#outline()", "#it.number",
    "$x^2$", "$ sum_(i=0)^oo $", "$", "$$", "\\", "\\\\", "\\#import", "\\u{202e}", "\\u{0}", "\\u{1F600}",
    "`raw`", "```typ #panic() ```", "```", "]", "[", "[[x]]", "](x)", "}", "{", "{{ 7*7 }}", "{% raw %}", "${7*7}",
    "{price.amount}", "{@use}", "{#use-policy}", "{date}", "@ref", "@preview", "<label>", "<b>bold</b>",
    "<script>alert(1)</script>", "</textarea><script>", "\"><img src=x onerror=alert(1)>", "' onfocus='x",
    "// comment", "/* comment */", "/*", "= Heading", "== Heading", "- item", "+ item", "/ term: x", "_emphasis_",
    "*strong*", "~", "--", "---", "...", "https://example.org/#import", "mailto:x@example.org", "\"", "'", "“”",
    "&amp;", "&#60;", "%PDF-1.7", "endstream endobj", ") Tj ET", "(", "\u00ad"[:0] + "soft", "A" * 200, "（）【】《》",
    "../../layout.typ", "null", "none", "auto", "true", "0", "-1", "1e9999", "NaN",
]  # fmt: skip
"""Texts that mean something to Typst, Jinja, HTML, PDF or JSON."""

REFUSED: Final = {
    "a direction mark": "公司\u202etxt.exe",
    "a direction isolate": "\u2066abc\u2069",
    "a zero-width space": "a\u200bb",
    "a zero-width joiner": "a\u200db",
    "a byte order mark": "\ufeffabc",
    "a soft hyphen": "soft\u00adhyphen",
    "a control character": "bell\u0007",
    "NUL": "a\u0000b",
    "a private-use character": "\ue000",
    "an unassigned character": "\u0378",
    "a lone surrogate": "\ud800",
    "a tag character": "x\U000e0041",
    "a line separator": "a\u2028b",
    "an invisible operator": "a\u2062b",
    "3,000 characters": "标" * 3000,
    "a rare hanzi": "龘\U0002a6d6",
    "an emoji": "\U0001f600",
    "Arabic": "مرحبا",
    "a stack of marks": "Z" + "\u0351\u0357\u0300" * 30,
    "a variation of a hanzi": "葛\U000e0100",
}
"""Texts that are not printed, by what is wrong with them."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model_texts.write(tmp_path_factory.mktemp("texts"))


def _typed(model: Model, draw: Draw, text: str, name: str = "use.industry") -> dict[str, Any]:
    """Return what is read when somebody types a text into a field and the form comes back and is sent again."""
    sent = Browser(draw(form.fields(model, blanks.defaults(model)))).sent
    sent[form.PREFIX + name] = text
    once = form.read(model, sent)
    page = draw(form.fields(model, once, form.faults(model, once, complete=False)))
    assert "<script>" not in page
    again = form.read(model, Browser(page).sent)
    assert again == once
    return once


def test_there_are_enough_attacks() -> None:
    assert len(MARKUP) >= 60
    assert len(set(MARKUP)) == len(MARKUP)


def test_markup_is_printed_as_it_is_written(model: Model, draw: Draw, tmp_path: Path) -> None:
    """All of them in one document, one a row, so that each meets the others' leftovers too."""
    values = blanks.defaults(model)
    for begin in range(0, len(MARKUP), blanks.ROWS):
        texts = MARKUP[begin : begin + blanks.ROWS]
        for text in texts:
            assert _typed(model, draw, text)["use.industry"] == text
        rows = [{"name": text, "credit_code": "91370100MA3C00001H"} for text in texts]
        values |= {"use.recipients": rows, "use.industry": texts[0]}
        assert blanks.faults(model, values) == {}
        draft = document.blank_form(model, values, DAY)
        printed = _printed(render.render(draft).pdf, tmp_path)
        for text in texts:
            assert _squeezed(text) in printed, text
        assert "root:" not in printed


def _printed(pdf: bytes, folder: Path) -> str:
    """Return the words of a PDF as poppler reads them, without blanks and line breaks."""
    (folder / "form.pdf").write_bytes(pdf)
    done = subprocess.run(
        ["pdftotext", "-raw", str(folder / "form.pdf"), "-"], capture_output=True, check=True, text=True
    )
    return _squeezed(done.stdout)


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).translate(
        {ord(one): None for one in "-\u200b\f"}
    )


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_is_refused_with_its_blank(model: Model, draw: Draw, name: str) -> None:
    values = blanks.defaults(model) | {"use.industry": REFUSED[name]}
    if "use.industry" in blanks.faults(model, values):
        return
    with pytest.raises(UncoveredError) as refused:
        render.refuse_uncovered(document.blank_form(model, values, DAY).content)
    assert refused.value.field == "use.industry"


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "a lone surrogate"])
def test_a_refused_text_comes_back_in_its_field(exchange: Flask, name: str) -> None:
    text = REFUSED[name].encode()
    client = exchange.test_client()
    page = client.get("/texts/data-provision/1.0/form", headers={"Accept": "text/html"}).text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    body = urlencode({"csrf_token": token.encode(), "terms.use.industry": text})
    headers = {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}
    answer = client.post("/texts/data-provision/1.0/form", data=body, headers=headers)
    assert answer.status_code == 422
    assert 'href="#f-terms.use.industry"' in answer.text


def test_the_fullest_form_stays_within_the_child(model: Model) -> None:
    """Every table full, every text as long as it may be."""
    values = blanks.defaults(model, {"price.model": "tiers", "use.note.wanted": True})
    values |= {
        "use.note": "长" * 1000,
        "use.industry": "W" * 200,
        "price.tiers": [{"from": row * 10**6, "amount": 2**53 - 1 - row} for row in range(blanks.ROWS)],
        "use.recipients": [
            {"name": f"{row} " + "名" * 490, "credit_code": "91370100MA3C00001H"} for row in range(blanks.ROWS)
        ],
        "quality": [
            {
                "indicator": "completeness", "operator": "gteq", "value": "0.5", "field": f"{row} " + "x" * 490,
                "method": "full", "remedy": "reduce",
            }
            for row in range(blanks.ROWS)
        ],
    }  # fmt: skip
    assert blanks.faults(model, values) == {}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, time.monotonic()
    pdf = render.render(document.blank_form(model, values, DAY)).pdf
    assert len(pdf) < 4_000_000
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 20
    assert time.monotonic() - began < render.TIMEOUT


def test_a_form_of_a_real_text_is_bounded_by_what_its_blanks_bound() -> None:
    for model in map(library.load, library.names()):
        texts = [blank for blank in model.blanks.values() if blank.type == "text" and not blank.given]
        assert sum(blank.limit for blank in texts) <= 30_000
