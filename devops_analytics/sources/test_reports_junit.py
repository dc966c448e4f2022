"""JUnit XML, as Surefire, pytest, mocha, jest, bazel, scalatest, googletest and others write it.

Nobody specifies it: suites may stand in suites, and hardly any attribute is always there.
"""

from typing import Final

from devops_analytics.sources.test_reports_parts import Found, by_words, full_name, nearest
from devops_analytics.sources.xml_text import Element

ROOTS: Final = ("testsuites", "testsuite")

CHILDREN: Final = {
    "error": "error",
    "failure": "failed",
    "skipped": "skipped",
    "disabled": "skipped",
}
"""Elements in a case that say what it came to, the worst first; without any it has passed."""
EARLIER: Final = {"flakyError": "error", "flakyFailure": "failed"}
"""Surefire: what tries came to before the one that passed."""
LATER: Final = {"rerunError": "error", "rerunFailure": "failed"}
"""Surefire: what further tries came to after the first, which failed."""
STATUSES: Final = {
    "run": "passed",
    "completed": "passed",
    "notrun": "skipped",
    "suppressed": "skipped",
    "skipped": "skipped",
    "fail": "failed",
    "disabled": "skipped",
    "passed": "passed",
    "failed": "failed",
    "errored": "error",
    "pending": "skipped",
    "panicked": "error",
    "timedout": "failed",
    "interrupted": "error",
    "aborted": "error",
    "untested": "skipped",
    "undefined": "error",
    "success": "passed",
    "failure": "failed",
    "error": "error",
}
"""Attributes `result` and `status` of a case (googletest, CTest, Ginkgo, tst, behave)."""

_LONG: Final = frozenset({"system-out", "system-err", "properties"})


class JUnit:
    """Takes the cases out of suites, which may stand in each other."""

    def __init__(self, found: Found) -> None:
        """What is taken is put into `found`."""
        self._found = found
        self._told: set[int] = set()

    def take(self, element: Element, around: list[Element]) -> bool:
        """Take the results of a case; of a suite, whether it names the cases that it counts."""
        if element.name == "testcase":
            self._told.update(map(id, around))
            self._case(element, around)
            return True
        if element.name == "testsuite":
            self._suite(element, around)
            return bool(around)
        return element.name in _LONG

    def finish(self) -> None:
        """Nothing is left to be done."""

    def _suite(self, suite: Element, around: list[Element]) -> None:
        told = id(suite) in self._told
        self._told.discard(id(suite))
        counted = suite.attributes.get("tests", "").strip()
        if told or not counted.isdecimal() or not counted.strip("0"):
            return
        self._told.update(map(id, around))
        self._found.refuse(
            "suite_without_cases",
            f"the suite {suite.attributes.get('name', '')!r} says that {counted} tests ran, but "
            "names none of them; write the report again with its test cases",
        )

    def _case(self, case: Element, around: list[Element]) -> None:
        suites = [one for one in around if one.name == "testsuite"]
        names = [one.attributes.get("name", "").strip() for one in suites]
        suite = self._found.told_apart(
            " / ".join(name for name in names if name), nearest(suites, "hostname")
        )
        name = full_name(nearest([case], "classname", "class"), nearest([case], "name"))
        at = nearest([*around, case], "timestamp")

        def add(result: str | None, seconds: str | None) -> None:
            self._found.add(suite=suite, case=name, result=result, seconds=seconds, at=at)

        for one in case.children:
            if one.name in EARLIER:
                add(EARLIER[one.name], one.attributes.get("time"))
        add(_result(case), case.attributes.get("time"))
        for one in case.children:
            if one.name in LATER:
                add(LATER[one.name], one.attributes.get("time"))


def _result(case: Element) -> str | None:
    names = {one.name for one in case.children}
    for name, result in CHILDREN.items():
        if name in names:
            return result
    for attribute in ("result", "status"):
        word = case.attributes.get(attribute, "").strip()
        result = by_words(word, STATUSES) or "passed"
        if result != "passed":
            return result
    return "passed"
