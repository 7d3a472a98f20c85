"""The signed head of the log as text."""

import dataclasses

import pytest

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import FormError

ROOT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
CHECKPOINT = Checkpoint("example.com/log", 70_000, bytes(range(32)))


def test_checkpoint_comes_back_from_its_text() -> None:
    assert CHECKPOINT.text() == "example.com/log\n70000\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    for checkpoint in (CHECKPOINT, dataclasses.replace(CHECKPOINT, extensions=("a", "b c"))):
        assert parse_checkpoint(checkpoint.text()) == checkpoint


@pytest.mark.parametrize(
    "text",
    ["", "a\n1\n", f"a\n01\n{ROOT}\n", f"a b\n1\n{ROOT}\n",
     "a\n1\nAAEC\n", f"a\n1\n{ROOT}", f"a\n1\n{ROOT}\n\n",
     f"\n1\n{ROOT}\n", f"a\n-1\n{ROOT}\n", f"a\n+1\n{ROOT}\n", f"a\n1_0\n{ROOT}\n", f"a\n \n{ROOT}\n",
     f"a\n\N{FULLWIDTH DIGIT ONE}\n{ROOT}\n", f"a\n{10**19}\n{ROOT}\n", f"a\n1\r\n{ROOT}\n", f"a\n1\n{ROOT} \n",
     f"a\n1\n{ROOT[:-1]}\n", f"a\n1\n{ROOT[:-2]}9=\n", f"a\n1\n{ROOT}AAAA\n", f"a+b\n1\n{ROOT}\n",
     f"a\u00a0b\n1\n{ROOT}\n", "Head\n9944\n", "Log\nbananas\ndGhlIHZpZXc=\n", "Log\n123\nYmFuYW5hcw==\n"],
)  # fmt: skip
def test_other_texts_are_no_checkpoints(text: str) -> None:
    with pytest.raises(FormError):
        parse_checkpoint(text)
