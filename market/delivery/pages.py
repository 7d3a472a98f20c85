"""Fetching the file from a page."""

from flask import Blueprint, Response

from market.delivery import answer
from market.participants.web import current_actor

pages = Blueprint("delivery", __name__)


@pages.get("/trades/<number>/delivery")
def fetch(number: str) -> Response:
    """Send the file as a download."""
    return answer.answer(current_actor(), number)


@pages.get("/trades/<number>/updates/<int:ordinal>")
def fetch_update(number: str, ordinal: int) -> Response:
    """Send an update of the file as a download."""
    return answer.answer(current_actor(), number, ordinal)
