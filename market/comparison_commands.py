"""The command that compares two files of one asset; what it needs is imported when it runs."""

import json
import sys
from pathlib import Path
from typing import Final, NoReturn

import click

FAILED: Final = 1


@click.command()
@click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="What changed, as JSON.")
def compare(old: Path, new: Path, as_json: bool) -> None:
    """Say what changed from the file OLD to the file NEW: columns, rows and the spread of values."""
    from market.inspection.changes import sentences
    from market.inspection.explain import explain
    from market.inspection.service import Refusal, compare_files

    try:
        found = compare_files(old, _media_type(old), new, _media_type(new))
    except Refusal as refusal:
        which = {"old": f"{old.name}: ", "new": f"{new.name}: "}.get(str(refusal.facts.get("file")), "")
        _fail(f"{which}{refusal.code}: {explain(refusal.code, refusal.facts)}")
    if as_json:
        print(json.dumps(found.document(), ensure_ascii=False, indent=2))
        return
    for sentence in sentences(found):
        print(sentence)


def _media_type(path: Path) -> str:
    from market.inspection.formats import media_type_of

    found = media_type_of(path.name)
    if found is None:
        _fail(f"{path.name}: its ending is none of those that can be read")
    return found


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(FAILED)


COMMANDS: Final = (compare,)
"""What ``qilu`` takes from here."""
