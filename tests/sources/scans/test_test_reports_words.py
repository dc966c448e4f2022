"""The words that tools have for what a test came to, as they document them."""

import pytest

from devops_analytics.sources.test_reports import TEST_REPORTS


@pytest.fixture
def results(load):
    """The batch of a report's results."""
    return lambda content: load(TEST_REPORTS, content, name="run-7.xml")["test_results"]


def case(inside: str) -> str:
    return f"<testsuite>{inside}</testsuite>"


@pytest.mark.parametrize(
    ("children", "result"),
    [
        ("", "passed"),
        ("<failure/>", "failed"),
        ("<error/>", "error"),
        ("<skipped/>", "skipped"),
        ("<disabled/>", "skipped"),
        ("<skipped/><failure/>", "failed"),
        ("<failure/><error/>", "error"),
        ("<system-out>failure</system-out>", "passed"),
    ],
)
def test_the_worst_that_a_junit_case_holds_is_its_result(results, children, result):
    rows = results(case(f'<testcase name="a">{children}</testcase>')).rows
    assert rows["result"].to_list() == [result]


# googletest docs/advanced.md "Generating an XML Report" (status, result); CTest --output-junit
# (status run, fail, notrun, disabled); Ginkgo types.SpecState; behave's JUnit reporter; tst
@pytest.mark.parametrize(
    ("attributes", "result"),
    [
        ('status="run" result="completed"', "passed"),
        ('status="notrun" result="suppressed"', "skipped"),
        ('status="run" result="skipped"', "skipped"),
        ('status="run"', "passed"),
        ('status="fail"', "failed"),
        ('status="notrun"', "skipped"),
        ('status="disabled"', "skipped"),
        ('status="passed"', "passed"),
        ('status="failed"', "failed"),
        ('status="errored"', "error"),
        ('status="pending"', "skipped"),
        ('status="skipped"', "skipped"),
        ('status="panicked"', "error"),
        ('status="interrupted"', "error"),
        ('status="timedout"', "failed"),
        ('status="aborted"', "error"),
        ('status="untested"', "skipped"),
        ('status="undefined"', "error"),
        ('status="success"', "passed"),
        ('status="failure"', "failed"),
        ('status="error"', "error"),
        ('status="Rejected"', "unknown"),
    ],
)
def test_without_children_the_status_of_a_junit_case_is_its_result(results, attributes, result):
    batch = results(case(f'<testcase name="a" {attributes}/>'))
    assert batch.rows["result"].to_list() == [result]
    assert any("nobody knows" in note for note in batch.notes) == (result == "unknown")


# NUnit docs, "Test Result XML Format": result and label of test-case; NUnit 2.6 ResultState
@pytest.mark.parametrize(
    ("attributes", "result"),
    [
        ('result="Passed"', "passed"),
        ('result="Failed"', "failed"),
        ('result="Failed" label="Error"', "error"),
        ('result="Failed" label="Cancelled"', "error"),
        ('result="Failed" label="Invalid"', "error"),
        ('result="Warning"', "passed"),
        ('result="Skipped" label="Explicit"', "skipped"),
        ('result="Inconclusive"', "skipped"),
        ('result="Success"', "passed"),
        ('result="Failure"', "failed"),
        ('result="Error"', "error"),
        ('result="Ignored"', "skipped"),
        ('result="NotRunnable"', "error"),
        ('result="Cancelled"', "error"),
        ('executed="True" success="True"', "passed"),
        ('executed="True"', "unknown"),
        ("", "unknown"),
    ],
)
def test_each_documented_result_of_nunit_is_known(results, attributes, result):
    rows = results(f'<test-run><test-case name="a" {attributes}/></test-run>').rows
    assert rows["result"].to_list() == [result]


@pytest.mark.parametrize(
    ("word", "result"),  # xunit.net docs, "XML Format v2+"
    [("Pass", "passed"), ("Fail", "failed"), ("Skip", "skipped"), ("NotRun", "skipped"),
     ("Perhaps", "unknown")],
)  # fmt: skip
def test_each_documented_result_of_xunit_is_known(results, word, result):
    rows = results(f'<assemblies><test name="a" result="{word}"/></assemblies>').rows
    assert rows["result"].to_list() == [result]


@pytest.mark.parametrize(
    ("word", "result"),  # vstest, TestOutcome of the TRX logger's object model
    [("Error", "error"), ("Failed", "failed"), ("Timeout", "failed"), ("Aborted", "error"),
     ("Inconclusive", "skipped"), ("PassedButRunAborted", "passed"), ("NotRunnable", "error"),
     ("NotExecuted", "skipped"), ("Disconnected", "error"), ("Warning", "passed"),
     ("Passed", "passed"), ("Completed", "unknown"), ("InProgress", "unknown"),
     ("Pending", "unknown"), ("Fine", "unknown")],
)  # fmt: skip
def test_each_documented_outcome_of_trx_is_known(results, word, result):
    rows = results(f'<TestRun><UnitTestResult testName="a" outcome="{word}"/></TestRun>').rows
    assert rows["result"].to_list() == [result]
