"""The command that cleans a file by a recipe; what it needs is imported when it runs."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import click

if TYPE_CHECKING:
    from market.inspection.cleaning.recipe import Recipe

FAILED: Final = 1


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--recipe", "written", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The operations, as JSON.",
)  # fmt: skip
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; one that is there is replaced.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="What was done, as JSON.")
def clean(file: Path, written: Path, out: Path, as_json: bool) -> None:
    """Clean FILE by a recipe that anybody can run again, and say what each operation changed."""
    from market.inspection.cleaning.explain import explain
    from market.inspection.cleaning.service import clean_file
    from market.inspection.formats import media_type_of
    from market.inspection.refusal import Refusal

    recipe = _recipe(written)
    media_type = media_type_of(file.name)
    if media_type is None:
        _fail(f"{file.name}: its ending is none of those that can be read")
    try:
        cleaned = clean_file(file, media_type, recipe, out)
    except Refusal as refusal:
        _fail(f"{refusal.code}: {explain(refusal.code, refusal.facts)}")
    if as_json:
        print(json.dumps(cleaned.to_json(), ensure_ascii=False, indent=2))
        return
    for place, change in enumerate(cleaned.changes):
        counts = ", ".join(f"{change[name]} {name}" for name in ("cells", "rows", "columns") if change[name])
        unread = f", {change['unread']} cells not read" if change["unread"] else ""
        print(f"{place} {change['operation']}: {counts or 'nothing changed'}{unread}")
    print(f"{cleaned.rows} rows in, {cleaned.kept} rows out")
    print(f"source {cleaned.source_digest}")
    print(f"recipe {cleaned.recipe_digest}")
    print(f"result {cleaned.digest}")


def _recipe(path: Path) -> "Recipe":
    from market.inspection.cleaning.parsing import SIZE, RecipeError, parse

    with path.open("rb") as file:
        text = file.read(SIZE + 1).decode("utf-8", "replace")
    try:
        return parse(text)
    except RecipeError as error:
        _fail("\n".join(f"{fault.path or path.name}: {fault.message}" for fault in error.faults))


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(FAILED)


COMMANDS: Final = (clean,)
"""What ``qilu`` takes from here."""
