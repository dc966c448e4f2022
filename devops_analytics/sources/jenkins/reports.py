"""Test reports → test_results."""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from devops_analytics.sources.jenkins.names import Place, place_of_url
from devops_analytics.sources.jenkins.records import Report, Suite
from devops_analytics.sources.json_kinds import Reading, Row
from devops_analytics.sources.scanners import as_declared

TEST_WORDS: Final = {
    "PASSED": "passed",
    "FIXED": "passed",
    "FAILED": "failed",
    "REGRESSION": "failed",
    "SKIPPED": "skipped",
}


def report_rows(report: Report, reading: Reading) -> Iterator[Row]:
    """Yield the test cases of a report.

    The part of a matrix, and the stages and branches of a pipeline that a suite ran in, are of its
    name: the same case in two of them is no retry.
    """
    # A report of one build does not say of which, so that its content has to tell it from others.
    content = zlib.crc32(msgspec.json.encode(report))
    unnamed = Place(f"{reading.context.label}@{content:08x}", 0)
    repo = as_declared(reading.entry.repository, reading.context.settings)
    seen: Counter[tuple[str, str, str]] = Counter()
    for place, part, suite in _suites(report):
        run_id = place.run_id if place is not None else unnamed.job
        blocks = [part, *reversed(suite.enclosing_block_names or ())]
        where = " / ".join(block for block in blocks if block)
        name = ": ".join(text for text in (where, suite.name) if text)
        for row in _cases(suite, run_id, name, seen):
            yield "test_results", row | {"repo": repo}


def _suites(report: Report) -> Iterator[tuple[Place | None, str | None, Suite]]:
    """Yield each suite with the build that it ran in, and which part of it."""
    for suite in report.suites or ():
        yield None, None, suite
    for one in report.child_reports or ():
        url = one.child.url if one.child is not None else None
        place = place_of_url(url)
        for suite in (one.result.suites if one.result is not None else None) or ():
            yield place, place.part if place is not None else url, suite


def _cases(
    suite: Suite, run_id: str, name: str, seen: Counter[tuple[str, str, str]]
) -> Iterable[dict[str, Any]]:
    for case in suite.cases or ():
        called = ".".join(text for text in (case.class_name, case.name) if text)
        seen[run_id, name, called] += 1
        word = (case.status or "").strip().upper()
        yield {
            "run_id": run_id,
            "suite": name,
            "case": called or None,
            "number": seen[run_id, name, called],
            "at": suite.timestamp,
            "seconds": case.duration,
            "result": TEST_WORDS.get(word, case.status),
        }
