"""The child process that sets a document in type: ``python -I typesetter.py FOLDER``.

It reads ``job.json`` in the folder and writes ``document.pdf`` and, when asked, ``page-<n>.svg`` beside it.  It
limits itself before the compiler is loaded, sees no file outside the folder, no system font, no environment and no
packages.  Run as a file, so it imports nothing of this project.
"""

import json
import resource
import sys
from pathlib import Path

MEGABYTE = 2**20
LIMITS = {
    resource.RLIMIT_AS: 2048 * MEGABYTE,
    resource.RLIMIT_CPU: 30,
    resource.RLIMIT_FSIZE: 64 * MEGABYTE,
    resource.RLIMIT_NOFILE: 64,
    resource.RLIMIT_CORE: 0,
}
"""Bytes, seconds of processor time, bytes a file, open files, bytes of core dump."""


def main(folder: Path) -> None:
    """Set the document; on a compiler's complaint write it to standard error and exit with 1."""
    for limit, value in LIMITS.items():
        resource.setrlimit(limit, (value, value))
    import typst

    job = json.loads((folder / "job.json").read_text("utf-8"))
    compiler = typst.Compiler(
        input=str(folder / "layout.typ"),
        root=str(folder),
        font_paths=job["fonts"],
        ignore_system_fonts=True,
        package_path=str(folder / "no-packages"),
        package_cache_path=str(folder / "no-packages"),
    )
    try:
        pdf = compiler.compile(format="pdf", pdf_standards=job["standards"], timestamp=job["timestamp"])
        pages = compiler.compile(format="svg", timestamp=job["timestamp"]) if job["pages"] else []
    except typst.TypstError as error:
        sys.stderr.write(str(error))
        sys.exit(1)
    save(folder, "document.pdf", pdf)
    for number, page in enumerate(pages if isinstance(pages, list) else [pages], start=1):
        save(folder, f"page-{number}.svg", page)


def save(folder: Path, name: str, data: object) -> None:
    """Write one result; the compiler answers with a list of bytes, or plain bytes for a single page."""
    if not isinstance(data, bytes):
        sys.exit(f"the compiler made no {name}")
    (folder / name).write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
