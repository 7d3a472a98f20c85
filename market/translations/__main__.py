"""Bring the Chinese text up to date: ``python -m market.translations``."""

import sys

from market.translations import update

missing = update()
for sentence in missing:
    sys.stdout.write(f"no Chinese yet: {sentence}\n")
sys.exit(1 if missing else 0)
