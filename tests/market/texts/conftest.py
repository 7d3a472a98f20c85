from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from jinja2 import StrictUndefined

from contracts.library import Model
from market import i18n, words
from market.app import TEMPLATES
from market.texts.form import Group
from tests import model_texts

Draw = Callable[..., str]


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """A text with every type of blank."""
    return model_texts.write(tmp_path)


@pytest.fixture
def draw() -> Iterator[Draw]:
    """Draws the fields as a page does, in English unless another language is asked for."""
    app = Flask("drawn", template_folder=str(TEMPLATES))
    i18n.init_app(app, "en")
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(field_label=words.field_label)

    def drawn(groups: list[Group], both: bool = False) -> str:
        source = '{% from "pages/texts/fields.html" import fields %}{{ fields(groups, both) }}'
        return render_template_string(source, groups=groups, both=both)

    with app.test_request_context("/?lang=en"):
        yield drawn
