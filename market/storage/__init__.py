"""Where bytes lie: a store in which the SHA-256 digest of the content is its only name.

Uploaded files, rendered contracts and whatever else is large go here before the transaction that
mentions them; a row then carries the digest. A blob is never changed: the same bytes give the same
name, so storing twice is harmless, and a blob without a row is only wasted space.

A folder (``file:`` URL) is written by the standard library, with fsync; any other URL goes through
obstore, which is imported only then. This room knows no asset, contract or person.
"""

from market.storage.blob import Blob, Store, StoreError
from market.storage.opening import current, open_store

__all__ = ["Blob", "Store", "StoreError", "current", "open_store"]
