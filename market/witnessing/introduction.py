"""What two operators exchange so that each can witness the other: lines for the other's two files."""

from collections.abc import Iterator

from sqlalchemy import inspect

from market import config
from market.db import read
from market.keys import ring
from market.keys import service as keys


def lines() -> Iterator[str]:
    """Yield this exchange's lines; the witness key is made when it is not there yet."""
    settings = config.current()
    name = settings.origin.replace("/", "-")
    yield "# for the other's LEDGER_WITNESSED: witness and mirror this log"
    with read() as session:
        if inspect(session.connection()).has_table("key"):
            known = ring.in_use(session, settings)
        else:  # two operators may introduce themselves before anything is set up
            known = [signer.verifier for signer in ring.private(settings)]
    for key in known:
        yield f"log {key} {settings.base_url}/ledger"
    yield "# for the other's LEDGER_POLICY: ask this witness"
    yield f"witness {name} {keys.witness().verifier} {settings.base_url}/witness"
