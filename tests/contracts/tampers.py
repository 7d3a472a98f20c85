"""Ways to change a signed document, each told by what it does (the eight of the research, and more)."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from contracts import cms, pades
from contracts.vocabulary import Role
from tests.contracts.authority import NOW, Authority, Party
from tests.contracts.signed import STATEMENTS, Paper, completed, rendered


def flipped(file: bytes, bit: int) -> bytes:
    changed = bytearray(file)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def room(file: bytes, place: int) -> tuple[int, int]:
    """Return where the hex digits of a signature stand."""
    first, second = ranges(file, place)[1:3]
    return first + 1, second - 1


def ranges(file: bytes, place: int) -> list[int]:
    from pyhanko.pdf_utils.reader import PdfFileReader

    return list(PdfFileReader(BytesIO(file)).embedded_signatures[place].byte_range)


def put(file: bytes, place: int, der: bytes) -> bytes:
    """Put another SignedData in the place of a signature."""
    first, last = room(file, place)
    return file[:first] + der.hex().encode().ljust(last - first, b"0") + file[last:]


def rebuilt(one: Paper, **change: Any) -> bytes:
    """Build the last signature again with other parts."""
    _zero, first, second, rest = ranges(one.file, 1)
    digest = hashlib.sha256(one.file[:first] + one.file[second : second + rest]).digest()
    read = read_back(one, 1)
    parts = {"certificate": read.certificate, "chain": read.others, "value": read.value, "stamp": read.stamp}
    return put(one.file, 1, cms.build(digest, **{**parts, **change}))


def updated(file: bytes, change: Callable[[Any], None]) -> bytes:
    """Append a revision."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(file))
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def rewrite(writer: Any) -> None:
    """Put another page's content in the place of the first one's."""
    from pyhanko.pdf_utils import generic

    page_ref, _resources = writer.find_page_for_modification(0)
    page_ref.get_object()["/Contents"] = writer.add_object(
        generic.StreamObject(stream_data=b"0 0 0 rg 50 50 500 700 re f")
    )
    writer.update_container(page_ref.get_object())


def comment(writer: Any) -> None:
    """Lay a note over the first page."""
    from pyhanko.pdf_utils import generic

    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
            generic.pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (50, 600, 550, 700))),
            generic.pdf_name("/Contents"): generic.pdf_string("The price is 1 yuan."),
        }
    )
    page_ref, _resources = writer.find_page_for_modification(0)
    writer.register_annotation(page_ref, writer.add_object(note))


def nothing(writer: Any) -> None:
    """Append a revision that changes only the catalogue's bytes."""
    writer.update_root()


def by_hand(
    file: bytes, name: str, party: Party, change: Callable[[Any], None], statement: str = ""
) -> bytes:
    """Sign in a field, and change something else in the same revision."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import cms_embedder, pdf_byterange

    writer = IncrementalPdfFileWriter(BytesIO(file))
    change(writer)
    embedding = cms_embedder.PdfCMSEmbedder().write_cms(name, writer)
    next(embedding)
    placeholder = pdf_byterange.SignatureObject(
        NOW, SigSeedSubFilter.PADES, reason=pades.reason(statement, Role.PROVIDER), bytes_reserved=20_000
    )
    embedding.send(cms_embedder.SigObjSetup(placeholder))
    found, out = embedding.send(cms_embedder.SigIOSetup(md_algorithm="sha256"))
    signed = cms.attributes(found.document_digest, party.der)
    place = (found.reserved_region_start + 1, found.reserved_region_end - 1)
    ready = pades.Prepared(out.getvalue(), place, signed, party.der, ())
    return pades.complete(ready, party.sign(signed)).file


def third(one: Paper) -> bytes:
    """Let a third person sign after both, in a field of its own."""
    return by_hand(one.file, "third", one.authority.party("A third person"), nothing)


def meanwhile(one: Paper, change: Callable[[Any], None]) -> bytes:
    """Let the buyer's own revision change something else."""
    buyer = one.parties[Role.BUYER]
    return by_hand(one.first, "buyer", buyer, change, STATEMENTS[Role.BUYER])


def between(one: Paper, change: Callable[[Any], None]) -> bytes:
    """Let the buyer sign a file that was changed after the provider had signed it."""
    grown = updated(one.first, change)
    return completed(grown, one.authority, Role.BUYER, one.parties[Role.BUYER], one.stamper).file


def read_back(one: Paper, place: int) -> cms.Read:
    from asn1crypto import parser

    first, second, rest = ranges(one.file, place)[1:]
    raw = bytes.fromhex(one.file[first + 1 : second - 1].decode())
    digest = hashlib.sha256(one.file[:first] + one.file[second : second + rest]).digest()
    return cms.read(raw[: parser.peek(raw)], digest)


def stamp_of(one: Paper, authority: Authority, days: int = 0) -> bytes:
    stamper = authority.stamper(NOW + timedelta(days=days))
    return stamper(hashlib.sha256(read_back(one, 1).value).digest())


def larger(one: Paper) -> bytes:
    r, s = decode_dss_signature(read_back(one, 1).value)
    return encode_dss_signature(r, cms.ORDER - s)


def in_hex(one: Paper, part: bytes) -> bytes:
    """Flip a bit of a part of the first signature, where it stands in hex digits."""
    place = one.file.index(part.hex().encode()) + len(part)
    digit = int(one.file[place : place + 1], 16) ^ 1
    return one.file[:place] + f"{digit:x}".encode() + one.file[place + 1 :]


EIGHT: dict[str, tuple[Callable[[Paper], bytes], str]] = {
    "a bit in a page's content": (lambda one: flipped(one.file, 8 * 20_000), "rendered text"),
    "a bit in the last revision": (
        lambda one: flipped(one.file, 8 * (room(one.file, 1)[1] + 100)), "signature of the buyer",
    ),
    "a bit in the first signature": (
        lambda one: in_hex(one, read_back(one, 0).value), "signature of the provider",
    ),
    "a digit of the padding": (
        lambda one: one.file[: room(one.file, 0)[1] - 9] + b"1" + one.file[room(one.file, 0)[1] - 8 :],
        "signature of the provider",
    ),
    "a byte appended": (lambda one: one.file + b"\n", "coverage"),
    "a page rewritten": (lambda one: updated(one.file, rewrite), "signatures"),
    "a comment laid over": (lambda one: updated(one.file, comment), "signatures"),
    "the second signature cut off": (lambda one: one.first, "signatures"),
}  # fmt: skip

MORE: dict[str, tuple[Callable[[Paper], bytes], str]] = {
    "a bit in a certificate that is carried": (
        lambda one: in_hex(one, one.authority.root.der), "certificate of the provider",
    ),
    "a page rewritten between the signatures": (lambda one: between(one, rewrite), "signatures"),
    "a comment between the signatures": (lambda one: between(one, comment), "signatures"),
    "a page rewritten by the buyer's revision": (lambda one: meanwhile(one, rewrite), "changes"),
    "a comment by the buyer's revision": (lambda one: meanwhile(one, comment), "changes"),
    "a revision of nothing": (lambda one: updated(one.file, nothing), "signatures"),
    "a third signature": (third, "signatures"),
    "upper-case digits": (
        lambda one: one.file[: room(one.file, 0)[0]]
        + one.file[room(one.file, 0)[0] : room(one.file, 0)[1]].upper()
        + one.file[room(one.file, 0)[1] :],
        "signature of the provider",
    ),
    "the time stamp taken out": (lambda one: rebuilt(one, stamp=None), "time stamp of the buyer"),
    "another signature's time stamp": (
        lambda one: rebuilt(one, stamp=one.stamper(bytes(32))), "time stamp of the buyer",
    ),
    "a stranger's time stamp": (
        lambda one: rebuilt(one, stamp=stamp_of(one, Authority())), "time stamp of the buyer",
    ),
    "a time stamp of the day after": (
        lambda one: rebuilt(one, stamp=stamp_of(one, one.authority, days=1)), "time stamp of the buyer",
    ),
    "the larger s": (lambda one: rebuilt(one, value=larger(one)), "signature of the buyer"),
    "the rendered text alone": (lambda _one: rendered()[0], "signatures"),
    "no PDF": (lambda _one: b"%PDF-1.7\nnothing", "signatures"),
    "nothing": (lambda _one: b"", "signatures"),
}  # fmt: skip
