"""What is written about the project is so: settings, commands, parts, files, routes, codes."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields

import click
import pytest
from packaging.requirements import Requirement

from market.cli import qilu
from market.config import Settings
from tests.house import reference
from tests.house.source import ROOT

PAGES = ("README.md", "README.zh-CN.md")
readme = pytest.mark.parametrize("page", PAGES)


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def commands(group: click.Group, words: tuple[str, ...] = ("qilu",)) -> Iterator[str]:
    """Yield the full name of every command."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))
        else:
            yield " ".join((*words, name))


@readme
def test_every_setting_is_in_the_table(page: str) -> None:
    names = {"QILU_HOME" if field.name == "home" else field.name.upper() for field in fields(Settings)}
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", read(page), re.MULTILINE)) == names


@readme
def test_every_command_is_in_the_table_and_has_help(page: str) -> None:
    text = read(page)
    assert [name for name in commands(qilu) if f"`{name}" not in text] == []
    named = set(re.findall(r"`(qilu [a-z]+(?: [a-z][a-z-]+)?)", text))
    known = {*commands(qilu), *(name.rsplit(" ", 1)[0] for name in commands(qilu))}
    assert {name for name in named if name not in known and name.rsplit(" ", 1)[0] not in known} == set()


def test_every_command_and_option_explains_itself() -> None:
    def walk(command: click.Command) -> Iterator[click.Command]:
        yield command
        if isinstance(command, click.Group):
            for inner in command.commands.values():
                yield from walk(inner)

    silent = [command.name for command in walk(qilu) if not command.help]
    options = [
        f"{command.name} {option.name}"
        for command in walk(qilu)
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert (silent, options) == ([], [])


@readme
def test_every_part_is_in_the_table(page: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [
        Requirement(one).name for one in project["dependencies"] + project["optional-dependencies"]["dev"]
    ]
    text = read(page).lower()
    assert [name for name in names if name.removesuffix("[binary]") not in text] == []


@readme
def test_every_file_it_names_is_there(page: str) -> None:
    named = re.findall(r"`((?:contracts|ledger|market|templates|tests|docs)/[^`\s]*)`", read(page))
    linked = re.findall(r"\]\(([^)#:]+)\)", read(page))
    assert [path for path in (*named, *linked) if not (ROOT / path).exists()] == []
    assert named


@readme
def test_the_apt_line_is_the_one_the_makefile_names(page: str) -> None:
    line = re.search(r"apt-get install [a-z0-9 -]+", read("Makefile"))
    assert line is not None
    assert line[0] in read(page)


def test_the_reference_is_current() -> None:
    assert reference.PATH.read_text("utf-8") == reference.text(), "run: make docs"


def test_every_page_template_is_used_and_every_used_one_is_there() -> None:
    folder = ROOT / "templates"
    there = {path.relative_to(folder).as_posix() for path in folder.glob("pages/**/*.html")}
    sources = [*(ROOT / "market").rglob("*.py"), *folder.rglob("*.html")]
    used: set[str] = set()
    for path in sources:
        used |= set(re.findall(r"pages/[a-z_/]+\.html", path.read_text("utf-8")))
    bases = set(
        re.findall(r"""["'](base\.html|macros\.html)["']""", "".join(p.read_text("utf-8") for p in sources))
    )
    assert {f"pages/{name}" for name in bases} | used == there
