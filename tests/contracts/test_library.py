import shutil
from pathlib import Path

import pytest

from contracts import library
from contracts.errors import LibraryError
from contracts.lint import check, lint

RELEASED = {
    "data-provision/0.1": "e3461939c65074cc5be3509a7a39716220da252ab1fba281e3e73c20d6553f9b",
    "data-provision/1.0": "c42455e9f6edffbd6b74eb891535316b86a9040730163e8e05bc28724d75c140",
    "data-sharing/1.0": "ad8604d04c850ec86ed39406dbb66c74fd356eef05e619a92bf012bc7bf4c058",
    "entrusted-processing/1.0": "0d181f5dfc4f76c29b0281748bcf2d4c21e36d08b724d5562073e1bd848ad3f2",
    "fusion-development/1.0": "90d134a98c95e4c5ec2a0d22ff06e068998b3099778389b82953a01e942a9d1d",
    "intermediary/1.0": "e7498df8d3a5369118dbef701bee3032a13fb93eec7ab25dbab340ab07fd050a",
    "open-licence/0.1": "34fcf7cfc7f1a88095955343ff91d30518dffc32f1c24be0313f1ea87f7e6b38",
    "open-licence/1.0": "5edf47919e4cf8791bcc204ad436b75c1e79429e8bef930d95435d28c9d6d6f0",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(library.FOLDER, tmp_path / "contracts")
    return tmp_path / "contracts"


def test_the_published_texts_have_no_fault() -> None:
    assert lint() == []
    assert library.names() == sorted(RELEASED)


def test_a_released_text_never_changes() -> None:
    # A wording is changed by a new version; these digests stand in signed contracts.
    assert {name: library.load(name).digest for name in library.names()} == RELEASED


@pytest.mark.parametrize(
    "file",
    [
        "data-provision/0.1/clauses.toml",
        "data-provision/0.1/model.toml",
        "styles/bilingual-1/layout.typ",
        "styles/bilingual-1/words.toml",
    ],
)
def test_a_changed_text_is_refused(folder: Path, file: str) -> None:
    with (folder / file).open("a", encoding="utf-8") as text:
        text.write(" \n")
    with pytest.raises(LibraryError) as refused:
        library.load("data-provision/0.1", folder)
    assert refused.value.code == "model.changed"


@pytest.mark.parametrize("name", ["data-provision/9.9", "../0.1", ""])
def test_an_unknown_text_is_refused(name: str) -> None:
    with pytest.raises(LibraryError) as refused:
        library.load(name)
    assert refused.value.code == "model.unknown"


def test_a_broken_text_is_refused(folder: Path) -> None:
    (folder / "data-provision/0.1/clauses.toml").write_text("[[clause]]", "utf-8")
    with pytest.raises(LibraryError) as refused:
        library.load("data-provision/0.1", folder)
    assert refused.value.code == "model.malformed"
    assert len(lint(folder)) >= 2


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("clauses.toml", "version {rules.version} of", "this version of", "different blanks"),
        ("clauses.toml", "Article {@subject} or", "Article {@quality} or", "different blanks"),
        ("clauses.toml", "（第{rules.version}版）", "（第{rules.version}版，共3章）", "different numbers"),
        ("clauses.toml", 'when = "paid"', 'when = "expensive"', "condition expensive is unknown"),
        ("clauses.toml", 'id = "quality"', 'id = "use"', "two clauses have this id"),
        ("clauses.toml", 'id = "use"', 'id = "usage"', "no clause for this subject"),
        (
            "clauses.toml",
            '"use.purposes", "use.permitted", "use.prohibited", "term.days"',
            '"term.days"',
            "never uses",
        ),
        ("clauses.toml", '"use.purposes", ', '"use.purpose", ', "is not declared"),
        ("clauses.toml", "质量要求：", "质量要求:", "half-width"),
        ("clauses.toml", "in this table:", "in this table：", "Chinese characters"),
        ("clauses.toml", 'table = "quality"', 'table = "prices"', "table prices is unknown"),
        ("model.toml", 'type = "money"', 'type = "amount"', "type amount is unknown"),
        ("model.toml", ', must = "quality"', "", "no blank of the text fills this subject"),
        ("model.toml", 'must = "use"', 'must = "fun"', "fun is not one of"),
        ("model.toml", 'en = "Date"', 'en = ""', "one language is empty"),
        ("../../styles/bilingual-1/words.toml", "train =", "trains =", "no reading for this word"),
        ("../../styles/bilingual-1/layout.typ", "// Title", '#import "@preview/x:1.0.0"', "imports nothing"),
    ],
)
def test_the_lint_sees(folder: Path, file: str, old: str, new: str, fault: str) -> None:
    path = folder / "data-provision/0.1" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    assert any(fault in str(finding) for finding in check(library.read("data-provision/0.1", folder)))
