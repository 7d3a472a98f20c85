"""Other tools on the same file, each in an environment of its own that the bench makes: ``inspection-rivals``.

None is a dependency. A tool that cannot be installed is left out, and said to be. Each reads the CSV as its manual
begins, in a child process whose start counts, as ours does; what each checks differs, and none of them checks all
that the inspection does.
"""

import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import mixed
from tests.bench.inspection import Spent, inspected, ratio, rounds, spent
from tests.bench.table import Row

ROWS = 200_000
CELLS = 4_000
"""Given to the tool that looks at one text at a time."""
_PATIENCE = 900
"""Seconds to install one."""
_LONGEST = 1800
"""Seconds one may run."""

_EXPECTATIONS = """
import sys, great_expectations as gx, great_expectations.expectations as e, pandas as pd
frame = pd.read_csv(sys.argv[1], dtype=str)
batch = gx.get_context(mode="ephemeral").data_sources.add_pandas("p").add_dataframe_asset("a")
batch = batch.add_batch_definition_whole_dataframe("b").get_batch(batch_parameters={"dataframe": frame})
suite = gx.ExpectationSuite(name="s")
for c in frame.columns:
    suite.add_expectation(e.ExpectColumnValuesToNotBeNull(column=c))
    suite.add_expectation(e.ExpectColumnUniqueValueCountToBeBetween(column=c, min_value=1))
    suite.add_expectation(e.ExpectColumnValueLengthsToBeBetween(column=c, min_value=1, max_value=200))
    for shape in (r"^-?(0|[1-9]\\d*)(\\.\\d+)?$", r"^\\d{4}-\\d\\d-\\d\\d$", r"^1[3-9]\\d{9}$", r"^\\d{17}[\\dX]$",
                  r"^[^@]+@[^@]+$", r"^\\s|\\s$"):
        suite.add_expectation(e.ExpectColumnValuesToMatchRegex(column=c, regex=shape))
suite.add_expectation(e.ExpectCompoundColumnsToBeUnique(column_list=list(frame.columns)))
print(len(batch.validate(suite).results))
"""
_PROFILES = """
import sys, pandas as pd, whylogs as why
print(why.log(pd.read_csv(sys.argv[1], dtype=str)).view().to_pandas().shape)
"""
_FRICTIONLESS = """
import os, sys
from frictionless import Checklist, Resource, checks
folder, name = os.path.split(sys.argv[1])
os.chdir(folder)
report = Resource(path=name).validate(Checklist(checks=[checks.duplicate_row()]), limit_errors=10**9)
assert report.tasks[0].stats["rows"] > 1, report
"""
_REPORT = """
import sys, pandas as pd
from ydata_profiling import ProfileReport
print(len(ProfileReport(pd.read_csv(sys.argv[1], dtype=str), progress_bar=False).to_json()))
"""
_CELLS = """
import sys, time, csv, spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__()
        self.nlp = {"en": spacy.blank("en")}
analyzer = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
cells = [cell for row in list(csv.reader(open(sys.argv[1])))[1:] for cell in row if cell][:int(sys.argv[2])]
analyzer.analyze(cells[0], language="en")
began = time.perf_counter()
found = sum(len(analyzer.analyze(cell, language="en")) for cell in cells)
print((time.perf_counter() - began) / len(cells), found)
"""
_OURS_CELLS = """
import sys, time, polars as pl
from market.inspection.flat import Flat
from market.inspection.sensitive.screen import Screen
frame = pl.read_csv(sys.argv[1], infer_schema=False)
for seen in range(2):
    began = time.perf_counter()
    for name in frame.columns:
        screen = Screen(name)
        for part in frame[name].to_frame().iter_slices(1 << 15):
            screen.update(part[name], Flat(part[name]))
        screen.finding()
    took = time.perf_counter() - began
print(took / (frame.height * frame.width - sum(frame.null_count().row(0))))
"""


@dataclass(frozen=True)
class Rival:
    """A tool to stand beside.

    Attributes:
        packages: to install.
        program: run with the path of the CSV.
        target: by how much it should be slower.
    """

    packages: tuple[str, ...]
    program: str
    target: int


RIVALS = {
    "great_expectations": Rival(("great-expectations",), _EXPECTATIONS, 15),
    "whylogs": Rival(("whylogs", "pandas<3", "numpy<2", "setuptools<81"), _PROFILES, 10),
    "frictionless": Rival(("frictionless",), _FRICTIONLESS, 15),
    "ydata-profiling": Rival(("ydata-profiling", "setuptools<81"), _REPORT, 30),
}
PRESIDIO = Rival(("presidio-analyzer",), _CELLS, 500)


def compared(folder: Path) -> Iterator[Row]:
    """Yield how much longer each tool takes for the same file, its environment made in the folder."""
    path = mixed.write(folder / "mixed.csv", ROWS)
    for name, rival in RIVALS.items():
        yield _beside(name, rival, path, folder)
    yield _a_cell(path, folder)


def _beside(name: str, rival: Rival, path: Path, folder: Path) -> Row:
    title = f"{name}, {ROWS:,} x 12"
    try:
        python = environment(folder / name, rival.packages)
        contenders = {"ours": lambda: inspected(path), "theirs": _run(folder, python, rival, str(path))}
        found = rounds(contenders, 1)  # they take minutes
    except (subprocess.SubprocessError, OSError, RuntimeError) as error:
        return _left_out(title, error)
    ours, theirs = found["ours"], found["theirs"]
    return Row(
        title,
        f"{theirs[0].wall:.1f} s",
        f"{ratio(theirs, ours):.1f} x the inspection ({ratio(theirs, ours, 'cpu'):.1f} in processor time)",
        str(rival.target),
    )


def _run(folder: Path, python: Path, rival: Rival, *arguments: str) -> Callable[[], Spent]:
    return lambda: spent(
        [str(python), "-W", "ignore", "-c", rival.program, *arguments],
        PYTHONPATH="", HOME=str(folder), patience=_LONGEST,
    )  # fmt: skip


def _a_cell(path: Path, folder: Path) -> Row:
    """Compare one cell looked at for sensitive data: no start, no language model, the patterns alone."""
    title = "presidio (patterns alone), a cell"
    try:
        python = environment(folder / "presidio", PRESIDIO.packages)
        theirs = float(_run(folder, python, PRESIDIO, str(path), str(CELLS))().said.split()[0])
    except (subprocess.SubprocessError, OSError, RuntimeError) as error:
        return _left_out(title, error)
    ours = float(spent([sys.executable, "-c", _OURS_CELLS, str(path)]).said)
    return Row(
        title,
        f"{theirs * 1e6:.0f} us beside {ours * 1e6:.3f} us",
        f"{theirs / ours:.0f} x",
        str(PRESIDIO.target),
    )


def _left_out(title: str, error: Exception) -> Row:
    return Row(title, "left out", str(error)[-60:].strip())


def environment(folder: Path, packages: tuple[str, ...]) -> Path:
    """Make an environment with some packages and return its Python.

    Raises:
        SubprocessError: they cannot be installed.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    subprocess.run(install, check=True, timeout=_PATIENCE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return python
