"""Cosignatures of witnesses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ledger import cosign, note
from ledger.checkpoint import Checkpoint
from ledger.cosign import signed_at
from ledger.errors import FormError, ProofError
from ledger.note import MAX_NOTE, ML_DSA_COSIGNATURE, VerifierKey, open_note, parse_note, parse_verifier
from tests.waiting import SECONDS

LOG = note.generate("example.com/log")
WITNESS = cosign.generate("witness.example")
QUANTUM = cosign.generate("quantum.example", ML_DSA_COSIGNATURE)
TEXT = Checkpoint(LOG.name, 3, bytes(32)).text()
TIME = 1_800_000_000


@pytest.mark.parametrize("witness", [WITNESS, QUANTUM])
def test_a_cosigned_note_is_signed_by_both(witness: cosign.Cosigner) -> None:
    line = witness.cosign(TEXT, TIME)
    text, signed = open_note(LOG.sign(TEXT) + line, [LOG.verifier, witness.verifier])
    assert text == TEXT
    assert signed == {LOG.verifier, witness.verifier}
    assert signed_at(line) == signed_at(parse_note(LOG.sign(TEXT) + line)[1][1]) == TIME


def test_cosignatures_written_by_others_are_read() -> None:
    public = json.loads((Path(__file__).parent / "vectors/cosignatures.json").read_text())
    keys = [parse_verifier(public[name]) for name in ("log", "ed25519", "ml_dsa_44")]
    text, signed = open_note(public["note"], keys)
    assert (len(signed), text.split("\n")[1]) == (3, "20852163")
    for key in keys[1:]:
        moved = VerifierKey(key.name + "x", key.algorithm, key.public)
        (line,) = (line for line in parse_note(public["note"])[1] if line.name == key.name)
        assert signed_at(line) == 1_795_400_755
        if key.algorithm == ML_DSA_COSIGNATURE:
            with pytest.raises(ProofError):
                moved.verify(text, line.signature)
        else:
            moved.verify(text, line.signature)  # an Ed25519 cosignature does not bind its signer's name


@pytest.mark.parametrize("witness", [WITNESS, QUANTUM])
def test_another_time_text_or_signature_spoils_it(witness: cosign.Cosigner) -> None:
    (good,) = (
        item for item in parse_note(LOG.sign(TEXT) + witness.cosign(TEXT, TIME))[1] if item.name != LOG.name
    )
    for text in (
        TEXT.replace("\n3\n", "\n4\n"),
        TEXT.replace("com/", "org/"),
        TEXT.replace("\nAAAA", "\nBAAA"),
    ):
        with pytest.raises((ProofError, FormError)):
            witness.verifier.verify(text, good.signature)
    for data in (
        (TIME + 1).to_bytes(8) + good.signature[8:], good.signature[:-1], good.signature + b"x", good.signature[:8],
        good.signature[:7], b"\xff" + good.signature[1:], good.signature[:-1] + bytes([good.signature[-1] ^ 1]),
    ):  # fmt: skip
        with pytest.raises((ProofError, FormError)):
            witness.verifier.verify(TEXT, data)


def test_extension_lines_are_covered_by_ed25519_and_not_by_ml_dsa() -> None:
    """As C2SP has it; the log's own line, which every policy demands, covers them always."""
    for witness, covered in ((WITNESS, True), (QUANTUM, False)):
        verifier = witness.verifier
        assert (verifier.cosigned(TEXT + "more\n", TIME) == verifier.cosigned(TEXT, TIME)) is not covered


def test_sixteen_cosignatures_of_the_largest_kind_pass() -> None:
    witnesses = [cosign.generate(f"{n}.{'w' * 60}.example/ml-dsa", ML_DSA_COSIGNATURE) for n in range(16)]
    signed = LOG.sign(TEXT) + "".join(witness.cosign(TEXT, TIME) for witness in witnesses)
    assert len(signed) < MAX_NOTE
    assert len(open_note(signed, [LOG.verifier, *(witness.verifier for witness in witnesses)])[1]) == 17


def test_a_name_too_long_to_be_covered_is_refused() -> None:
    with pytest.raises(FormError):
        cosign.Cosigner("w" * 256, QUANTUM.private).cosign(TEXT, TIME)
    with pytest.raises(FormError):
        QUANTUM.cosign(Checkpoint("o" * 256, 3, bytes(32)).text(), TIME)


def test_the_public_half_comes_back_from_its_text() -> None:
    for witness in (WITNESS, QUANTUM):
        assert parse_verifier(str(witness.verifier)) == witness.verifier


def test_without_ml_dsa_ed25519_still_works_and_the_other_is_named() -> None:
    """An auditor's older `cryptography` is a child process in which the module cannot be found."""
    program = f"""
import sys
sys.modules["cryptography.hazmat.primitives.asymmetric.mldsa"] = None
from ledger import cosign, note
from ledger.errors import FormError, ProofError
text, signed = {TEXT!r}, {LOG.sign(TEXT) + WITNESS.cosign(TEXT, TIME) + QUANTUM.cosign(TEXT, TIME)!r}
log, ed, quantum = map(note.parse_verifier, {[str(key.verifier) for key in (LOG, WITNESS, QUANTUM)]!r})
assert len(note.open_note(signed, [log, ed])[1]) == 2
for attempt in (lambda: note.open_note(signed, [log, quantum]), lambda: cosign.generate("x", 6)):
    try:
        attempt()
    except (FormError, ProofError) as error:
        assert "cryptography 47" in str(error)
    else:
        raise SystemExit("accepted what it cannot check")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("text", "time"), [(TEXT, 0), (TEXT, -1), (TEXT, 2**63), ("a\n", 1), (TEXT[:-1], 1)])
def test_only_a_checkpoint_at_a_time_is_cosigned(text: str, time: int) -> None:
    for witness in (WITNESS, QUANTUM):
        with pytest.raises(FormError):
            witness.cosign(text, time)


def test_other_kinds_of_key_do_not_cosign() -> None:
    with pytest.raises(FormError):
        cosign.generate("witness.example", note.ED25519)


def test_the_published_example_names_its_time() -> None:
    """The checkpoint and the message shown in C2SP tlog-cosignature, whose keys are not published."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    line = (
        "\N{EM DASH} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1"
        "nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    assert signed_at(line) == 1_679_315_147
    assert (
        WITNESS.verifier.cosigned(text, signed_at(line))
        == f"cosignature/v1\ntime 1679315147\n{text}".encode()
    )


@pytest.mark.parametrize("line", ["", "— x AAAA\n", "— x AAAAAAAAAAAAAAAA\n", "a"])
def test_a_line_without_a_time_has_none(line: str) -> None:
    with pytest.raises(FormError):
        signed_at(line)
