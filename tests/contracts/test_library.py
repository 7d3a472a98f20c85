import shutil
from pathlib import Path

import pytest

from contracts import library
from contracts.errors import LibraryError
from contracts.lint import check, lint

RELEASED = {
    "data-provision/0.1": "e3461939c65074cc5be3509a7a39716220da252ab1fba281e3e73c20d6553f9b",
    "data-provision/1.0": "b01f32d2881549366dd6e6355957b4a800cdd57687ebf1a4e2822bc75f606f3d",
    "data-sharing/1.0": "f78a36acde5ae8c98ed0d18f52874a48c05d997f69c145e86ae6a417c506a90f",
    "entrusted-processing/1.0": "54e0fbb2460971cbfe77a8951be773fde87d0d09bded8ec0e2e24e372fe2ff56",
    "fusion-development/1.0": "de50eadd09b159f91af58215051468c60ab95379611aa44768fcc985616508ec",
    "intermediary/1.0": "993d4fc666ff15a67a6a827c7c8a07e17e71edbdaf4c42db5806cb21215c05c9",
    "open-licence/0.1": "34fcf7cfc7f1a88095955343ff91d30518dffc32f1c24be0313f1ea87f7e6b38",
    "open-licence/1.0": "8389e14aab96d04c9e8eeeb2c5069ba600150b6cdf1199efb000723b5425e7a1",
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
