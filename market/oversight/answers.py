"""Answers that are files: the evidence bundle, and the log as it lies on disk."""

import itertools
import uuid
from collections.abc import Iterator
from typing import Any

from flask import Response, stream_with_context

from market import bundle, timestamping
from market.actor import Actor
from market.db import read
from market.oversight import checkpoints, explorer, heads, proofs, publishing, writer
from market.witnessing import files


def bundle_of(actor: Actor, number: str) -> Response:
    """Return the evidence bundle of a trade as a ``.zip`` to be kept."""
    with read() as session:
        evidence = writer.gather(session, actor, number)
    answer = Response(bundle.to_zip(writer.write(evidence)), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="qilu-{evidence.history.reference}.zip"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def leaf(entry_id: uuid.UUID) -> Response:
    """Return an entry's leaf as a file, named so that a verifier finds its proof beside it."""
    with read() as session:
        seen = proofs.public(session, entry_id)
    return attachment(seen.leaf, f"{entry_id}.json", "application/json; charset=utf-8")


def receipt(entry_id: uuid.UUID) -> Response:
    """Return the proof of an entry as a file (C2SP tlog-proof).

    Raises:
        NotFound: the log has no such entry.
        Unavailable: no checkpoint covers it yet, or its witnesses have not cosigned; ask again in a moment.
    """
    with read() as session:
        seen = proofs.public(session, entry_id)
        if seen.proof is None:
            raise heads.waiting(session, seen.index)
    return attachment(seen.proof.text().encode(), f"{entry_id}.tlog-proof", "text/plain; charset=utf-8")


def token(size: int, place: int) -> Response:
    """Return an authority's time stamp over a head as a file, as it came.

    Raises:
        NotFound: no such head was signed, or it has no such token.
    """
    with read() as session:
        content = checkpoints.token(session, size, place)
    return attachment(content, f"checkpoint-{size}-{place}.tsr", timestamping.ANSWER_TYPE)


def table(found: Iterator[dict[str, Any]], form: str) -> Response:
    """Return rows as a file that is sent while it is read: ``csv`` or ``json``."""
    first = next(found, None)  # whoever may not ask learns it before the first byte
    everything = itertools.chain([] if first is None else [first], found)
    told = {"csv": explorer.as_csv, "json": explorer.as_json}[form](everything)
    media_type = {"csv": "text/csv; charset=utf-8", "json": "application/json"}[form]
    answer = Response(stream_with_context(told), content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="entries.{form}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def attachment(content: bytes, name: str, content_type: str) -> Response:
    """Return a small file that is to be kept, not shown."""
    answer = Response(content, content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def checkpoint() -> Response:
    """Return the signed head of the log (C2SP tlog-tiles): plain text, never cached for long."""
    return files.checkpoint(publishing.folder())


def tile(path: str) -> Response:
    """Return a tile or entry bundle by its path below ``tile/``; it never changes.

    Raises:
        NotFound: there is none; a partial tile goes when the full one is there.
    """
    return files.tile(publishing.folder(), path)
