"""The published log on disk: files that appear whole or not at all, and whether the last ones are as published."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace as changed
from pathlib import Path

from ledger.checkpoint import Checkpoint
from ledger.durable import UNFINISHED, make_folder
from ledger.errors import DamagedError, FormError, ProofError
from ledger.merkle import leaf_hash
from ledger.tiles import WIDTH, Tile, TiledTree, decode_bundle, hashes_in, read_tile


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Keep other processes from this folder, else a slower one could put an older checkpoint over a newer."""
    make_folder(folder)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def sweep(folder: Path) -> None:
    """Remove what a writer that was killed left unfinished."""
    for left in folder.rglob(f"{UNFINISHED}*"):
        left.unlink(missing_ok=True)


def without_partials(folder: Path, tile: Tile) -> None:
    """Remove the partial forerunners of a full tile."""
    shutil.rmtree(folder / f"{tile.path}.p", ignore_errors=True)


def require_edge(folder: Path, head: Checkpoint) -> None:
    """Hold the last files of a published head against it; what lies deeper was held when it was the last.

    Raises:
        DamagedError: A file on the way to the root is missing, cut off or changed.
        OSError: One could not be read now; nothing is known of it, so look again.
    """
    tree = TiledTree(head.size, lambda tile: read_tile(folder, tile))
    try:
        root = tree.root()
    except (FormError, ProofError, FileNotFoundError) as error:
        raise DamagedError(f"published files under {folder}: {error}") from error
    if root != head.root:
        raise DamagedError(f"published files under {folder} do not lead to the head of size {head.size}")
    last = (head.size - 1) // WIDTH
    lowest = Tile(0, last, head.size - last * WIDTH)
    bundle = changed(lowest, level=None)
    try:
        leaves = decode_bundle(read_tile(folder, bundle))
    except (FormError, FileNotFoundError) as error:
        raise DamagedError(f"{folder / bundle.path}: {error}") from error
    if [leaf_hash(leaf) for leaf in leaves] != hashes_in(read_tile(folder, lowest)):
        raise DamagedError(f"{folder / bundle.path}: does not hold the leaves that were published")
