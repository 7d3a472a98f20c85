import pytest
from flask import Flask
from flask.testing import FlaskClient


@pytest.fixture
def client(exchange: Flask) -> FlaskClient:
    return exchange.test_client()
