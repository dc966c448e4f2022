"""Test reports: JUnit XML, NUnit 2 and 3, xUnit.net and TRX → test results."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Final

import polars as pl

from devops_analytics.config_tools import TestReportsSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content
from devops_analytics.sources.moments import moments
from devops_analytics.sources.scanners import as_declared
from devops_analytics.sources.source import (
    QUARANTINE,
    Context,
    Draft,
    Export,
    Recognition,
    SourceKind,
)
from devops_analytics.sources.test_reports_dotnet import (
    NUNIT,
    TRX,
    XUNIT,
    NUnit,
    Trx,
    XUnit,
)
from devops_analytics.sources.test_reports_junit import ROOTS, STATUSES, JUnit
from devops_analytics.sources.test_reports_parts import Found, Reader
from devops_analytics.sources.xml_text import BrokenXmlError, Element, outermost, parse_xml

_TABLE: Final = "test_results"
_SAMPLE: Final = 1 << 16
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_CONTROLS: Final = bytes(code for code in range(32) if code not in b"\t\n\r")
_WRITTEN_CONTROLS: Final = re.compile(
    rb"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bceBCE]|[fF]|1[0-9a-fA-F]));"
)
"""Signs that no XML may hold; what tests print does, mostly colours."""

_YEAR_FIRST: Final = re.compile(r"\s*\d{4}-")

_FORMATS: Final[dict[str, tuple[str, Callable[[Found], Reader]]]] = {
    **dict.fromkeys(ROOTS, ("JUnit XML", JUnit)),
    "test-run": ("NUnit 3", NUnit),
    "test-results": ("NUnit 2", NUnit),
    "assemblies": ("xUnit.net", XUnit),
    "TestRun": ("Visual Studio (TRX)", Trx),
}
"""Forms of reports by their outermost element."""
_TRX_NAMESPACE: Final = "microsoft.com/schemas/VisualStudio/TeamTest"


def read(export: Export, entry: TestReportsSource, context: Context) -> Iterator[Draft]:
    """Yield a draft of test results, of each try of a case one. What tests print is not read.

    Raises:
        ExportError: the file is no test report, or XML that can't be read safely.
    """
    found = _found(export)
    yield _draft(found, entry, context)


def _found(export: Export) -> Found:
    """Return what a report holds; of one that breaks off, what stands before that."""
    found = Found()
    readers: list[Reader] = []

    def take(element: Element, around: list[Element]) -> bool:
        if not readers:
            readers.append(_reader(around[0] if around else element, found, export))
        return readers[0].take(element, around)

    try:
        parse_xml(_plain(read_content(export).data), name=str(export), take=take)
    except BrokenXmlError as error:
        # Of TRX, the end tells the classes of the tests.
        if not found.n_read or not readers or isinstance(readers[0], Trx):
            raise
        message = str(error).removeprefix(f"{export}: ")
        found.refuse("broken_xml", f"the report {message} What follows there is not read.")
    readers[0].finish()
    return found


def _reader(top: Element, found: Found, export: Export) -> Reader:
    if top.name not in _FORMATS:
        raise ExportError(
            f"{export}: expected a test report, found XML that begins with <{top.name[:40]}>; read "
            f"are {', '.join(f'<{name}>' for name in _FORMATS)}."
        )
    return _FORMATS[top.name][1](found)


def _plain(data: bytes) -> bytes:
    """Return a text without the signs that no XML may hold."""
    if data.startswith(_UTF16):
        return data
    return _WRITTEN_CONTROLS.sub(b"", data.translate(None, delete=_CONTROLS))


# ---- Rows ---- #


def _draft(found: Found, entry: TestReportsSource, context: Context) -> Draft:
    notes = [f"{_TABLE}: {n} {text}" for text, n in found.notes.items()]
    run_id = _run_id(entry, context.label, notes)
    if not found.n_read:
        notes.append(f"{_TABLE}: the report holds no test case")
    at = _times(found, entry, notes)
    schema = {
        "record": pl.Int64(),
        "suite": pl.String(),
        "case": pl.String(),
        "number": pl.Int64(),
        "result": pl.String(),
        "seconds": pl.Float64(),
        "at": pl.String(),
    }
    rows = pl.DataFrame(
        [(*one[:-1], at.get(one.at or "")) for one in found.results], schema=schema, orient="row"
    )
    return Draft(
        table=_TABLE,
        rows=rows.with_columns(
            run_id=pl.lit(run_id),
            repo=pl.lit(as_declared(entry.repository, context.settings), dtype=pl.String),
            updated_at=pl.col("at"),
        ),
        n_read=found.n_read,
        n_absorbed=found.absorbed,
        rejected=pl.DataFrame(
            [(context.label, _TABLE, *refused, None) for refused in found.refused],
            schema=QUARANTINE,
            orient="row",
        ),
        time_zone=entry.time_zone,
        notes=tuple(notes),
    )


def _run_id(entry: TestReportsSource, label: str, notes: list[str]) -> str:
    """Return the run that a report is of: what the entry takes out of its path, else the path."""
    if entry.run is None:
        return label
    match = re.search(entry.run, label)
    run = (match["run"] if "run" in match.re.groupindex else match[0]) if match else None
    if not run:
        notes.append(
            f"{_TABLE}: `run` of the [[sources]] entry takes nothing out of this path, so the "
            "report counts as a run of its own"
        )
    return run or label


def _times(found: Found, entry: TestReportsSource, notes: list[str]) -> dict[str, str]:
    """Return each time of the report that is known, as it is to be judged.

    A result is worth keeping without it, so what is no time is said once, and left out.
    """
    written = {one.at: _iso(one.at) for one in found.results if one.at}
    known = moments(written.values(), zone=entry.time_zone)
    lost = [one.at for one in found.results if one.at and written[one.at] not in known]
    if lost:
        zoned = moments((written[text] for text in lost), zone="UTC")
        is_naive = entry.time_zone is None and written[lost[0]] in zoned
        advice = "has no zone; set `time_zone` of the [[sources]] entry" if is_naive else "is none"
        notes.append(
            f"{_TABLE}: {len(lost)} results are not dated, as their time (such as "
            f"{lost[0][:40]!r}) {advice}"
        )
    return {text: iso for text, iso in written.items() if iso in known}


def _iso(text: str) -> str:
    """Return a time as ISO 8601 where it is written as in e-mails (mocha does)."""
    if _YEAR_FIRST.match(text):
        return text
    with suppress(ValueError, OverflowError, TypeError):
        return parsedate_to_datetime(text).isoformat()
    return text


# ---- Recognition ---- #


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file is a test report, by its outermost element."""
    try:
        start = _plain(read_content(export, limit=_SAMPLE).data)
    except ExportError:
        return None
    top = outermost(start)
    if top is None or top.name not in _FORMATS:
        return None
    if top.name == "TestRun" and _TRX_NAMESPACE not in top.namespace:
        return None
    if top.name == "assemblies" and b"<collection" not in start and b"run-date" not in start:
        return None
    title = _FORMATS[top.name][0]
    return Recognition(kind="test_reports", confidence=0.95, reason=f"test report: {title}")


TEST_REPORTS: Final = SourceKind(
    kind="test_reports",
    title="Test reports",
    reads="JUnit XML (pytest, Surefire, mocha, jest …), NUnit 2 and 3, xUnit.net and TRX",
    tables=(_TABLE,),
    read=read,
    recognise=recognise,
    words={
        "JUnit test status": STATUSES,
        "NUnit result": NUNIT,
        "xUnit.net result": XUNIT,
        "TRX outcome": TRX,
    },
)
