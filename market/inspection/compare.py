"""The child process that compares two files.

``python -m market.inspection.compare OLD OLDTYPE NEW NEWTYPE SCRATCH LIMITS`` answers the document of
:mod:`market.inspection.comparison` as :mod:`market.inspection.child` says.
"""

import sys
from pathlib import Path
from typing import Any

from market.inspection import child, reading
from market.inspection.child import Progress
from market.inspection.comparing import compare, refusing
from market.inspection.limits import Limits


def main(arguments: list[str]) -> None:
    """Compare the files named by the arguments and print what is found as JSON."""
    old, old_type, new, new_type, scratch, limits = arguments

    def work(bounds: Limits, told: Progress) -> dict[str, Any]:
        with refusing("old"):
            before = reading.open_source(Path(old), old_type, bounds)
        with refusing("new"):
            after = reading.open_source(Path(new), new_type, bounds)
        return compare(before, after, Path(scratch), bounds.memory, told).document()

    child.answer(limits, work)


if __name__ == "__main__":
    main(sys.argv[1:])
