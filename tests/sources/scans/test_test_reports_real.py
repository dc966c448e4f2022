"""Real JUnit reports of many tools, some of them broken on purpose."""

import pytest

from devops_analytics.errors import ExportError
from devops_analytics.sources.test_reports import TEST_REPORTS

WITHOUT_NAME = {"missing_value": 4}  # four cases have no name at all
NO_CASES = {"suite_without_cases": 1}  # the suite counts 6 tests, and names none
CUT = {"broken_xml": 1}  # the file ends within its second case

REAL = {
    # file: read, loaded, quarantined by reason, duplicates
    "junit-xml/bazel/suite-logs.xml": (1, 1, {}, 0),
    "junit-xml/empty-system-out-err.xml": (1, 1, {}, 0),
    "junit-xml/jest/jest-junit.xml": (2, 2, {}, 0),
    "junit-xml/junit.multiresult.xml": (4, 4, {}, 0),
    "junit-xml/minimal-attributes.xml": (4, 4, {}, 0),
    "junit-xml/mocha/latex-utensils.xml": (109, 109, {}, 0),
    "junit-xml/no-attributes.xml": (4, 0, WITHOUT_NAME, 0),
    "junit-xml/no-cases-but-tests.xml": (1, 0, NO_CASES, 0),
    "junit-xml/no-cases.xml": (0, 0, {}, 0),
    "junit-xml/pytest/corrupt-xml.xml": (2, 1, CUT, 0),
    "junit-xml/pytest/junit.fail.xml": (5, 5, {}, 0),
    "junit-xml/pytest/junit.gloo.elastic.spark.tf.xml": (22, 22, {}, 0),
    "junit-xml/pytest/junit.gloo.elastic.spark.torch.xml": (22, 22, {}, 0),
    "junit-xml/pytest/junit.gloo.elastic.xml": (14, 14, {}, 0),
    "junit-xml/pytest/junit.gloo.standalone.xml": (97, 97, {}, 0),
    "junit-xml/pytest/junit.gloo.static.xml": (24, 24, {}, 0),
    "junit-xml/pytest/junit.mpi.integration.xml": (3, 3, {}, 0),
    "junit-xml/pytest/junit.mpi.standalone.xml": (97, 97, {}, 0),
    "junit-xml/pytest/junit.mpi.static.xml": (24, 24, {}, 0),
    "junit-xml/pytest/junit.spark.integration.1.xml": (35, 35, {}, 0),
    "junit-xml/pytest/junit.spark.integration.2.xml": (35, 35, {}, 0),
    "junit-xml/scalatest/TEST-uk.co.gresearch.spark.diff.DiffOptionsSuite.xml": (5, 5, {}, 0),
    "junit-xml/testsuite-in-testsuite.xml": (5, 5, {}, 0),
    "junit-xml/testsuite-root.xml": (5, 5, {}, 0),
    "junit-xml/tst/disabled.xml": (31, 31, {}, 0),
    "junit-xml/unsupported-unicode.xml": (7, 7, {}, 0),
    "junit-xml/with-xml-entities.xml": (4, 4, {}, 0),
    "junit-xml/xunit/xunit.xml": (2, 2, {}, 0),
}
NO_REPORTS = {
    "junit-xml/non-junit.xml": "found XML that begins with <suites>",
    "xml/empty.xml": "no element found",
    "xml/non-xml.xml": "syntax error",
}


@pytest.mark.real
def test_every_real_report_is_loaded(shared_data, judge):
    folder = shared_data / "junit"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    loaded = {}
    for file in files:
        name = str(file.relative_to(folder))
        if name in NO_REPORTS:
            continue
        assert TEST_REPORTS.recognise(file).confidence == 0.95
        batch = judge(TEST_REPORTS, file)["test_results"]
        reasons = dict(batch.quarantined["reason"].value_counts().rows())
        loaded[name] = (batch.n_read, batch.rows.height, reasons, batch.n_duplicates)
    assert loaded == REAL
    assert len(files) == len(REAL) + len(NO_REPORTS)


@pytest.mark.real
@pytest.mark.parametrize("name", NO_REPORTS)
def test_every_real_file_that_is_no_report_is_refused(shared_data, judge, name):
    file = shared_data / "junit" / name
    assert TEST_REPORTS.recognise(file) is None
    with pytest.raises(ExportError, match=NO_REPORTS[name]):
        judge(TEST_REPORTS, file)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "counted"),  # tests, skipped, failures and errors as the suites count them
    [
        ("pytest/junit.fail.xml", (5, 1, 1, 0)),
        ("pytest/junit.gloo.standalone.xml", (97, 17, 0, 0)),
        ("pytest/junit.gloo.elastic.xml", (14, 4, 0, 0)),
        ("pytest/junit.spark.integration.2.xml", (35, 2, 0, 0)),
        ("tst/disabled.xml", (31, 5, 19, 1)),
        ("mocha/latex-utensils.xml", (109, 0, 0, 0)),
        ("unsupported-unicode.xml", (7, 2, 2, 2)),
    ],
)
def test_results_of_real_reports_are_as_many_as_their_suites_count(
    shared_data, judge, name, counted
):
    rows = judge(TEST_REPORTS, shared_data / "junit" / "junit-xml" / name)["test_results"].rows
    found = rows["result"].to_list()
    by_result = [found.count(word) for word in ("skipped", "failed", "error")]
    assert (len(found), *by_result) == counted
