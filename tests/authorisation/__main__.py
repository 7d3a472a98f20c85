"""Prints the authorisation table as markdown: ``python -m tests.authorisation``."""

import sys

from tests.authorisation.rows import markdown
from tests.authorisation.table import ROWS

if __name__ == "__main__":
    sys.stdout.write(markdown(ROWS))
