"""Entry for the web server: ``gunicorn market.wsgi:app``."""

from market import logs
from market.app import create_app
from market.config import Settings

logs.as_json()
app = create_app(Settings.load())
