"""The child process that cleans a file: ``python -m market.inspection.clean FILE TYPE RECIPE OUT SCRATCH LIMITS``.

RECIPE is the recipe's JSON itself. Answers ``{"rows", "kept", "columns", "changes", "engine"}`` as
:mod:`market.inspection.child` says, once OUT is written.
"""

import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from market.inspection import child, reading
from market.inspection.child import Progress
from market.inspection.cleaning.cleaning import clean
from market.inspection.cleaning.parsing import parse
from market.inspection.limits import Limits

_ENGINES = ("polars", "polars-hash", "pyarrow", "numpy")


def main(arguments: list[str]) -> None:
    """Clean the file named by the arguments and print the outcome as JSON."""
    path, media_type, recipe, out, scratch, limits = arguments

    def work(bounds: Limits, told: Progress) -> dict[str, Any]:
        source = reading.open_source(Path(path), media_type, bounds)
        found = clean(source, parse(recipe), Path(out), Path(scratch), bounds, told)
        engine = {name.replace("-", "_"): version(name) for name in _ENGINES}
        return found | {"engine": engine | {"python": platform.python_version()}}

    child.answer(limits, work)


if __name__ == "__main__":
    main(sys.argv[1:])
