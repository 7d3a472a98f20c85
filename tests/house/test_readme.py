"""The two READMEs say the same facts, and what they name exists as they name it."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from market.cli import qilu
from market.steps import Kind
from tests import conftest
from tests.house.source import ROOT
from tests.market.payments import stripe_mock

PAGES = ("README.md", "README.zh-CN.md")
readme = pytest.mark.parametrize("page", PAGES)
LARGEST_PICTURES = 150_000


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def blocks(text: str) -> list[str]:
    """Return the blocks of code."""
    return re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def prose(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def sections(text: str) -> list[tuple[int, str]]:
    """Return (depth of the heading, what stands below it) of every section."""
    parts = re.split(r"^(#+) .*$", prose(text), flags=re.MULTILINE)
    return [(len(depth), body) for depth, body in zip(parts[1::2], parts[2::2], strict=True)]


def spans(text: str) -> list[str]:
    """Return what stands in backticks."""
    return sorted(set(re.findall(r"`([^`]+)`", text)))


def rows(text: str) -> list[list[str]]:
    """Return the code of each row of each table, cell by cell."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [
        [",".join(sorted(re.findall(r"`([^`]+)`", cell))) for cell in re.split(r"(?<!\\)\|", line)]
        for line in lines
    ]


def numbers(text: str) -> list[str]:
    """Return the numbers of the prose, those of list items and Chinese dates aside."""
    plain = re.sub(
        r"`[^`]*`|\([^)]*\.(?:md|png|sql|env|service|conf)\)|^\d+\. ", " ", text, flags=re.MULTILINE
    )
    return sorted(re.findall(r"\d+(?:\.\d+)*", plain))


def test_both_have_the_same_sections_with_the_same_names_and_numbers() -> None:
    english, chinese = (sections(read(page)) for page in PAGES)
    assert [depth for depth, _body in english] == [depth for depth, _body in chinese]
    for (_depth, one), (_same, other) in zip(english, chinese, strict=True):
        assert (spans(one), rows(one)) == (spans(other), rows(other))
        assert numbers(one) == numbers(other)
        assert one.count("\n- ") == other.count("\n- ")


def test_both_have_the_same_commands() -> None:
    english, chinese = (blocks(read(page)) for page in PAGES)
    assert english == chinese


@readme
def test_the_roles_are_those_of_the_file(page: str) -> None:
    sql = (ROOT / "market/deployment/roles.sql").read_text("utf-8")
    kept = "".join(line for line in sql.splitlines(keepends=True) if not line.startswith("--"))
    assert kept in blocks(read(page))


@readme
def test_every_deployed_file_goes_where_its_first_line_says(page: str) -> None:
    goes = dict(re.findall(r"^\| \[[^\]]+\]\(([^)]+)\) \| `(/[^`]+)` \|", read(page), re.MULTILINE))
    assert len(goes) == 4
    for path, place in goes.items():
        assert place in (ROOT / path).read_text("utf-8").splitlines()[0]
    assert {f"market/deployment/{path.name}" for path in (ROOT / "market/deployment").iterdir()} == {
        *goes,
        "market/deployment/roles.sql",
    }


def named() -> Iterator[tuple[str, list[str]]]:
    """Yield (command, options) of every `qilu` command that the pages name."""
    for page in PAGES:
        text = read(page)
        for span in [
            *re.findall(r"`(qilu [^`]+)`", text),
            *re.findall(r"\bqilu (?:[a-z]+ )?[a-z][^\n]*", text),
        ]:
            words = [word.strip("[]…,`") for word in span.split() if word.strip("[]…,`")]
            yield span, words


def test_every_option_of_a_command_exists() -> None:
    looked = 0
    for span, words in named():
        command: click.Command = qilu
        rest = words[1:] if words[0] == "qilu" else words
        while isinstance(command, click.Group) and rest and rest[0] in command.commands:
            command, rest = command.commands[rest[0]], rest[1:]
        if isinstance(command, click.Group):
            continue
        known = {option for parameter in command.params for option in parameter.opts}
        for word in rest:
            if word.startswith("--"):
                assert word in known, span
                looked += 1
    assert looked > 20


@readme
def test_every_target_of_make_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    wanted = {word for call in re.findall(r"`make ([a-z ]+)`", read(page)) for word in shlex.split(call)}
    wanted |= set(re.findall(r"^make ([a-z]+)$", read(page), re.MULTILINE))
    assert {"run", "test", "check", "bench", "help"} <= wanted <= targets


@readme
def test_every_kind_exists(page: str) -> None:
    objects = {kind.value.split(".")[0] for kind in Kind}
    words = re.findall(r"`([a-z]+\.[a-z]+)`", read(page))
    kinds = {word for word in words if word.split(".")[0] in objects}
    assert len(kinds) > 15
    assert kinds <= {kind.value for kind in Kind}


@readme
def test_lanes_and_the_mock_server_are_called_as_they_are(page: str) -> None:
    text = read(page)
    assert set(re.findall(r"--lane ([a-z_]+)", text)) <= set(conftest.LANES)
    assert f"stripe-mock {stripe_mock.RELEASE}" in text
    assert f"`{stripe_mock.ADDRESS}`" in text


def test_the_pictures_are_there_small_and_told_in_words() -> None:
    found = [re.findall(r"!\[([^\]]+)\]\(([^)]+\.png)\)", read(page)) for page in PAGES]
    assert all(len(pictures) == 1 for pictures in found)
    paths = {ROOT / path for pictures in found for _words, path in pictures}
    assert paths == set((ROOT / "market/guide/pictures").iterdir())
    assert sum(path.stat().st_size for path in paths) <= LARGEST_PICTURES
