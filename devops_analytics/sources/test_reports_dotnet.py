"""Test reports of .NET: NUnit 2 and 3, xUnit.net v2 and later, and Visual Studio's TRX."""

from typing import Final

from devops_analytics.sources.test_reports_parts import (
    Found,
    by_words,
    file_name,
    full_name,
    nearest,
)
from devops_analytics.sources.xml_text import Element

NUNIT: Final = {
    "passed": "passed",
    "failed": "failed",
    "warning": "passed",
    "skipped": "skipped",
    "inconclusive": "skipped",
    "success": "passed",
    "failure": "failed",
    "error": "error",
    "ignored": "skipped",
    "notrunnable": "error",
    "cancelled": "error",
    "invalid": "error",
}
"""NUnit 3: result; NUnit 2: result. A case without a verdict is as one that was skipped."""
NUNIT_LABELS: Final = frozenset({"error", "cancelled", "invalid"})
"""NUnit 3: what a label makes of a failure, in the same words; other labels say why."""
XUNIT: Final = {"pass": "passed", "fail": "failed", "skip": "skipped", "notrun": "skipped"}
TRX: Final = {
    "passed": "passed",
    "failed": "failed",
    "error": "error",
    "timeout": "failed",
    "aborted": "error",
    "inconclusive": "skipped",
    "passedbutrunaborted": "passed",
    "notrunnable": "error",
    "notexecuted": "skipped",
    "disconnected": "error",
    "warning": "passed",
    "completed": "unknown",
    "inprogress": "unknown",
    "pending": "unknown",
}
"""Outcomes; a test that only came to its end, or is still running, has no verdict."""

_LONG: Final = frozenset(
    {"output", "failure", "reason", "properties", "settings", "environment", "traits", "warnings"}
)
_TRX_RESULTS: Final = frozenset(
    {"UnitTestResult", "TestResultAggregation", "GenericTestResult", "WebTestResult"}
)


class NUnit:
    """Takes the cases of NUnit 2 (`test-results`) and 3 (`test-run`)."""

    def __init__(self, found: Found) -> None:
        """What is taken is put into `found`."""
        self._found = found

    def take(self, element: Element, around: list[Element]) -> bool:
        """Take the result of a case."""
        if element.name == "test-case":
            self._case(element, around)
        return bool(around) and element.name in {"test-case", "test-suite", "results", *_LONG}

    def finish(self) -> None:
        """Nothing is left to be done."""

    def _case(self, case: Element, around: list[Element]) -> None:
        suites = [one for one in around if one.name == "test-suite"]
        assemblies = [one for one in suites if one.attributes.get("type") == "Assembly"] or suites
        path = nearest(assemblies[:1], "fullname", "name")
        own = case.attributes
        self._found.add(
            suite=self._found.told_apart(file_name(path), path),
            case=own.get("fullname") or full_name(own.get("classname"), own.get("name")),
            result=_nunit_result(case),
            seconds=own.get("duration") or own.get("time"),
            at=nearest([*around, case], "start-time") or _day_and_time(around[0], "date", "time"),
        )


def _nunit_result(case: Element) -> str | None:
    own = case.attributes
    label = own.get("label", "").strip().lower()
    result = by_words(own.get("result"), NUNIT)
    if result is None and "executed" in own:  # before NUnit 2.5
        executed, succeeded = (own.get(name, "").lower() for name in ("executed", "success"))
        if executed == "false":
            return "skipped"
        return {"true": "passed", "false": "failed"}.get(succeeded)
    return NUNIT[label] if result == "failed" and label in NUNIT_LABELS else result


class XUnit:
    """Takes the tests of xUnit.net (`assemblies`)."""

    def __init__(self, found: Found) -> None:
        """What is taken is put into `found`."""
        self._found = found

    def take(self, element: Element, around: list[Element]) -> bool:
        """Take the result of a test."""
        if element.name == "test":
            self._test(element, around)
        return bool(around) and element.name in {"test", "collection", "assembly", *_LONG}

    def finish(self) -> None:
        """Nothing is left to be done."""

    def _test(self, test: Element, around: list[Element]) -> None:
        assemblies = [one for one in around if one.name == "assembly"]
        path = nearest(assemblies, "name")
        collection = nearest([one for one in around if one.name == "collection"], "name")
        mark = f"{path} {nearest(assemblies, 'target-framework', 'environment')}"
        own = test.attributes
        started = nearest([*assemblies, test], "start-rtf")
        day = _day_and_time(assemblies[0], "run-date", "run-time") if assemblies else None
        parts = (self._found.told_apart(file_name(path), mark), collection)
        self._found.add(
            suite=": ".join(part for part in parts if part),
            case=full_name(own.get("type"), own.get("name") or own.get("method")),
            result=by_words(own.get("result"), XUNIT),
            seconds=own.get("time"),
            at=started or day or nearest(around, "timestamp"),
        )


def _day_and_time(element: Element, day: str, time: str) -> str | None:
    found = [nearest([element], name) for name in (day, time)]
    return f"{found[0]}T{found[1]}" if all(found) else None


class Trx:
    """Takes the results of TRX (`TestRun`); their classes are told of after them."""

    def __init__(self, found: Found) -> None:
        """What is taken is put into `found`."""
        self._found = found
        self._results: list[dict[str, str]] = []
        self._classes: dict[str, tuple[str | None, str]] = {}
        self._in_parts: set[int] = set()

    def take(self, element: Element, around: list[Element]) -> bool:
        """Take a result, or the class of a test."""
        if element.name in _TRX_RESULTS:
            self._result(element, around)
        elif element.name == "UnitTest":
            method = element.first("TestMethod")
            of = method.attributes.get("className") if method is not None else None
            storage = file_name(element.attributes.get("storage"))
            # The class may be followed by its assembly's name and version.
            self._classes[element.attributes.get("id", "")] = (of and of.split(",")[0], storage)
        # A method is needed until its test ends.
        return bool(around) and element.name != "TestMethod"

    def _result(self, result: Element, around: list[Element]) -> None:
        self._in_parts.update(id(one) for one in around if one.name in _TRX_RESULTS)
        if id(result) in self._in_parts:
            self._in_parts.discard(id(result))
            self._found.absorbed += 1
            return
        self._results.append(result.attributes)

    def finish(self) -> None:
        """Add the results with their classes."""
        for one in self._results:
            of, storage = self._classes.get(one.get("testId", ""), (None, ""))
            self._found.add(
                suite=storage,
                case=full_name(of, one.get("testName")),
                result=by_words(one.get("outcome"), TRX),
                seconds=one.get("duration"),
                at=one.get("startTime"),
            )
