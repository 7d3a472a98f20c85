"""From a setting to a store."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import current_app

from market import config
from market.storage.blob import Store
from market.storage.folder import Folder


def open_store(url: str) -> Store:
    """Return the store that ``STORAGE_URL`` names.

    Args:
        url: ``file:///folder``, a plain path, or any URL obstore understands.
    """
    parts = urlsplit(url)
    if parts.scheme in {"", "file"}:
        return Folder(Path(unquote(parts.path)))
    # A folder never needs obstore, so the server of one machine never loads it.
    from market.storage.remote import Remote

    return Remote(url)


def current() -> Store:
    """Return the store of the running application, opened at its first use."""
    store: Store | None = current_app.extensions.get("storage")
    if store is None:
        store = current_app.extensions["storage"] = open_store(config.current().storage_url)
    return store
