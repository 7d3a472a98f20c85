"""After steps were brought back from a journal: makes the exchange work again around them.

The journal has what steps wrote and the work they queued. What else a user would miss:

* *passwords*: whoever joined since the backup has none, and asks for a letter; one that was changed since is the old
  one again. All sessions end; tokens made since are lost; tokens of who has left are revoked.
* *counters of grants*: as in the backup; a receipt tells that the whole was fetched, else the buyer may fetch again.
* *private keys of parties* that were made since: the published ones can sign no more, so that further ones are made
  and published, as steps. Signatures that were made stay valid.
* *the search index*, which listings can be accepted at once and which are sold: made again.
* *answered Idempotency-Keys*, webhooks, counted attempts to sign in, runs of fsck: forgotten since the backup. A
  payment that no webhook tells of is looked up by the work that its own step queued.
* *stored files* and rendered documents lie in the storage, not in the journal: proving names those that are missing.
"""

from sqlalchemy.orm import Session

from market import jobs
from market.catalog import service as catalog
from market.contracting import claiming
from market.contracting.standing import ending as offers
from market.delivery import mending as delivery
from market.participants import mending as participants
from market.participants import service as organisations


def mend(session: Session) -> None:
    """Put in order what no step writes; after the last record was replayed, again is nothing new.

    Args:
        session: the session of the transaction.
    """
    participants.mend(session)
    delivery.mend(session)
    catalog.reindex(session)
    offers.mend(session)
    claiming.mend(session)
    if organisations.operator(session) is not None:
        jobs.queue(session, "exchange.founded")
    for organisation_id in participants.verified(session):
        jobs.queue(session, "organisation.verified", organisation_id=organisation_id)
