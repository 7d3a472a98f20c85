"""The first look at the bytes."""

import hashlib
import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from market.inspection.limits import Limits
from market.inspection.reading import scan


class Slow(io.BytesIO):
    """Gives two bytes at a time."""

    def read(self, _size: int | None = -1, /) -> bytes:
        return super().read(2)


@given(st.binary(max_size=12) | st.text(max_size=6).map(str.encode))
def test_utf8_is_what_python_decodes(content: bytes) -> None:
    content = content.replace(b"\0", b"")
    seen: list[bytes] = []
    stream = Slow(content)
    valid, quoted = scan._is_utf8(stream.read(), stream, seen.append, "CSV")
    try:
        content.decode()
    except UnicodeDecodeError:
        assert not valid
    else:
        assert valid
    assert quoted == (b'"' in content)
    assert b"".join(seen) == content


def test_the_digest_is_of_the_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "f"
    for content in (b"a\n1\n", "a\n济\n".encode("gb18030"), "a\n".encode("utf-16"), b"x\n" * 3_000_000):
        path.write_bytes(content)
        assert scan.scan(path, Limits()).digest == hashlib.sha256(content).hexdigest()
