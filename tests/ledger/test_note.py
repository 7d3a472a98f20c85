"""Signed notes: published examples, and what must be refused."""

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import note
from ledger.canonical import to_base64
from ledger.errors import FormError, ProofError
from ledger.note import COSIGNATURE, VerifierKey, open_note, parse_note, parse_signer, parse_verifier

# The example of Go's golang.org/x/mod/sumdb/note package, where the format comes from.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
# The example of the C2SP signed-note specification; blank lines inside the text are its own.
C2SP = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)


def test_published_note_verifies_with_either_key() -> None:
    for key in (PETER, ENOCH):
        text, signed = open_note(NOTE, [parse_verifier(key)])
        assert text == TEXT
        assert [str(item) for item in signed] == [key]
    assert len(open_note(NOTE, [parse_verifier(PETER), parse_verifier(ENOCH)])[1]) == 2


def test_c2sp_example_is_read_up_to_its_last_blank_line() -> None:
    text, (line,) = parse_note(C2SP)
    assert text.endswith(":\n\ned è subito sera.\n")
    assert (line.name, line.id.hex(), len(line.signature)) == ("quasimodo.example/salvatore", "367ba04b", 64)


def test_a_key_comes_back_from_its_text() -> None:
    signer = note.generate("example.com/log")
    assert parse_signer(signer.secret_text()).verifier == signer.verifier
    assert parse_verifier(str(signer.verifier)) == signer.verifier
    assert open_note(signer.sign("a\n"), [signer.verifier])[0] == "a\n"


def test_every_flipped_bit_of_a_note_is_refused() -> None:
    key = parse_verifier(PETER)
    data = (TEXT + "\n" + NOTE.split("\n\n")[1].split("\n")[0] + "\n").encode()
    for position in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[position] ^= 1 << bit
            with pytest.raises((FormError, ProofError, UnicodeDecodeError)):
                open_note(flipped.decode(), [key])


def test_a_bad_line_of_a_known_key_spoils_the_note() -> None:
    bad = NOTE.replace("FupLLr8p", "FupLLr8q")
    with pytest.raises(ProofError):
        open_note(bad, [parse_verifier(PETER), parse_verifier(ENOCH)])
    open_note(bad, [parse_verifier(ENOCH)])


def test_a_note_of_strangers_is_refused() -> None:
    with pytest.raises(ProofError):
        open_note(C2SP, [parse_verifier(PETER)])
    with pytest.raises(ProofError):
        open_note(NOTE, [])


@pytest.mark.parametrize(
    "text",
    ["", "a\n", "a\n\n", "\n\n— x AAAAAAA=\n", "a\n\n- x AAAAAAA=\n", "a\n\n— x AAAAAAA=", "a\n\n—  AAAAAAA=\n",
     "a\n\n— x+y AAAAAAA=\n", "a\n\n— x AAAA\n", "a\n\n— x AAAAAAB=\n", "a\tb\n\n— x AAAAAAA=\n",
     "a\r\n\n— x AAAAAAA=\n",
     "a\n\n— x AAAAAAA=\nb\n", "a\ud800\n\n— x AAAAAAA=\n", "a" * 70_000],
)  # fmt: skip
def test_other_texts_are_no_notes(text: str) -> None:
    with pytest.raises(FormError):
        parse_note(text)


@pytest.mark.parametrize(
    "text",
    [PETER.replace("c74", "c75"), PETER + "x", PETER.replace("c74f20a3", "C74F20A3"), "PeterNeumann", "", "+a+b",
     PETER.replace("Peter", "Peter "), VerifierKey("x", 6, bytes(32)).__str__(), PETER.replace("+ARpc", "+AQ==")],
)  # fmt: skip
def test_other_texts_are_no_keys(text: str) -> None:
    with pytest.raises(FormError):
        parse_verifier(text)
    with pytest.raises(FormError):
        parse_signer(f"PRIVATE+KEY+{text}")
    with pytest.raises(FormError):
        parse_signer(text)


def test_a_private_key_of_another_kind_is_refused() -> None:
    signer = note.generate("x")
    key = to_base64(bytes([COSIGNATURE]) + signer.private.private_bytes_raw())
    with pytest.raises(FormError):
        parse_signer(f"PRIVATE+KEY+x+{signer.verifier.id.hex()}+{key}")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\x01", "a\udcff"])
def test_names_are_one_word(name: str) -> None:
    with pytest.raises(FormError):
        note.generate(name)


@pytest.mark.parametrize("text", ["", "a", "a\tb\n"])
def test_only_clean_text_is_signed(text: str) -> None:
    with pytest.raises(FormError):
        note.generate("x").sign(text)


def test_cosignature_binds_its_time() -> None:
    private = Ed25519PrivateKey.generate()
    key = VerifierKey("witness.example", COSIGNATURE, private.public_key().public_bytes_raw())
    time = 1_800_000_000
    signature = private.sign(b"cosignature/v1\ntime %d\na\n" % time)
    key.verify("a\n", time.to_bytes(8) + signature)
    with pytest.raises(ProofError):
        key.verify("a\n", (time + 1).to_bytes(8) + signature)
    with pytest.raises(ProofError):
        dataclasses.replace(key, algorithm=note.ED25519).verify("a\n", signature)
