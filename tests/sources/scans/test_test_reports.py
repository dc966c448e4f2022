"""Test reports of every form: which cases ran, what they came to, when, and how often."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.test_reports import TEST_REPORTS
from devops_analytics.sources.test_reports_parts import seconds_of

SHORT = ("suite", "case", "number", "result", "seconds")

JUNIT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="all" time="9">
  <testsuite name="shop" timestamp="2026-03-02T10:00:00+01:00" hostname="ada-harbours-laptop">
    <properties><property name="user.name" value="ada.harbour"/></properties>
    <testcase classname="shop.Cart" name="adds" time="0.25"><system-out>x</system-out></testcase>
    <testcase classname="shop.Cart" name="pays" time="1,234.5">
      <failure message="by ada.harbour@example.invalid">at /home/ada.harbour/x</failure></testcase>
    <testsuite name="inner">
      <testcase classname="shop.Cart" name="adds"><skipped/></testcase>
      <testcase name="loads"><error/></testcase>
    </testsuite>
  </testsuite>
</testsuites>"""

NUNIT3 = """<?xml version="1.0" encoding="utf-8"?>
<test-run id="2" testcasecount="4" result="Failed" start-time="2026-03-02 09:00:00Z">
  <environment user="ada.harbour" machine-name="ADA" cwd="C:\\Users\\ada.harbour"/>
  <test-suite type="Assembly" name="Shop.Tests.dll"
    fullname="C:\\Users\\ada.harbour\\Shop.Tests.dll">
    <environment user="ada.harbour"/>
    <test-suite type="TestFixture" name="Cart" fullname="Shop.Cart">
      <test-case name="Adds" fullname="Shop.Cart.Adds" result="Passed" duration="0.5"
                 start-time="2026-03-02 09:00:01Z"/>
      <test-case name="Pays" fullname="Shop.Cart.Pays" result="Failed" duration="1.5">
        <failure><message>no</message></failure></test-case>
      <test-case name="Breaks" fullname="Shop.Cart.Breaks" result="Failed" label="Error"/>
      <test-case name="Waits" fullname="Shop.Cart.Waits" result="Skipped" label="Ignored"/>
    </test-suite>
  </test-suite>
</test-run>"""

NUNIT2 = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<!--This file represents the results of running a test suite-->
<test-results name="C:\\Users\\ada.harbour\\shop.dll" total="3" date="2026-03-02" time="09:00:00">
  <environment user="ada.harbour"/>
  <test-suite type="Assembly" name="C:\\Users\\ada.harbour\\shop.dll"><results>
    <test-case name="Shop.Cart.Adds" executed="True" result="Success" time="0.016"/>
    <test-case name="Shop.Cart.Pays" executed="True" result="Failure" time="0.02"/>
    <test-case name="Shop.Cart.Old" executed="True" success="False" time="0.02"/>
    <test-case name="Shop.Cart.Older" executed="False"/>
  </results></test-suite>
</test-results>"""

XUNIT = """<assemblies timestamp="03/02/2026 09:00:00">
 <assembly name="C:\\Users\\ada.harbour\\shop.dll" run-date="2026-03-02" run-time="09:00:00">
  <collection name="Test collection for Shop.Cart">
   <test name="Shop.Cart.Adds(n: 1)" type="Shop.Cart" method="Adds" time="0.25" result="Pass"/>
   <test name="pays the bill" type="Shop.Cart" method="Pays" time="0.5" result="Fail">
     <failure><message>ada.harbour</message></failure></test>
   <test name="Shop.Cart.Waits" type="Shop.Cart" method="Waits" time="0" result="Skip">
     <reason>later</reason></test>
  </collection>
 </assembly>
</assemblies>"""

TRX = """<?xml version="1.0" encoding="utf-8"?>
<TestRun id="6a1c" name="ada.harbour@ADA 2026-03-02 10:00:00" runUser="ADA\\ada.harbour"
         xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
  <Results>
    <UnitTestResult testId="t1" testName="Adds" computerName="ADA" duration="00:00:01.5000000"
       startTime="2026-03-02T10:00:00.0000000+01:00" outcome="Passed">
       <Output><StdOut>hello ada.harbour</StdOut></Output></UnitTestResult>
    <UnitTestResult testId="t2" testName="Pays" outcome="Failed" resultType="DataDrivenTest">
      <InnerResults>
        <UnitTestResult testId="t2" testName="Pays (1)" outcome="Passed"/>
        <UnitTestResult testId="t2" testName="Pays (2)" outcome="Failed"/>
      </InnerResults></UnitTestResult>
    <UnitTestResult testId="t3" testName="Shop.Cart.Waits" outcome="NotExecuted"/>
  </Results>
  <TestDefinitions>
    <UnitTest name="Adds" storage="c:\\users\\ada.harbour\\shop.dll" id="t1">
      <TestMethod codeBase="c:\\x" className="Shop.Cart, shop, Version=1.0.0.0" name="Adds"/>
    </UnitTest>
    <UnitTest name="Pays" storage="c:\\users\\ada.harbour\\shop.dll" id="t2">
      <TestMethod className="Shop.Cart" name="Pays"/></UnitTest>
    <UnitTest name="Waits" storage="c:\\users\\ada.harbour\\shop.dll" id="t3">
      <TestMethod className="Shop.Cart" name="Waits"/></UnitTest>
  </TestDefinitions>
</TestRun>"""

ALL = {"junit": JUNIT, "nunit3": NUNIT3, "nunit2": NUNIT2, "xunit": XUNIT, "trx": TRX}


@pytest.fixture
def results(load):
    """The batch of a report's results."""
    return lambda content, **entry: load(TEST_REPORTS, content, name="run-7.xml", **entry)[
        "test_results"
    ]


def cases(*inside: str, suite: str = 'name="s"') -> str:
    return f"<testsuite {suite}>{''.join(inside)}</testsuite>"


# ---- FORMS ---- #


def test_junit_gives_one_result_for_each_case_also_in_suites_of_suites(results):
    rows = results(JUNIT, repository="harbour/shop").rows
    assert rows.select(SHORT).rows() == [
        ("shop", "shop.Cart.adds", 1, "passed", 0.25),
        ("shop", "shop.Cart.pays", 1, "failed", 1234.5),
        ("shop / inner", "shop.Cart.adds", 1, "skipped", None),
        ("shop / inner", "loads", 1, "error", None),
    ]
    assert rows["at"].unique().to_list() == [datetime(2026, 3, 2, 9, tzinfo=UTC)]
    assert rows["repo"].unique().to_list() == ["harbour/shop"]
    assert rows["run_id"].unique().to_list() == ["exports/run-7.xml"]


def test_nunit_3_gives_cases_with_their_own_times(results):
    rows = results(NUNIT3).rows
    assert rows.select(SHORT).rows() == [
        ("Shop.Tests.dll", "Shop.Cart.Adds", 1, "passed", 0.5),
        ("Shop.Tests.dll", "Shop.Cart.Pays", 1, "failed", 1.5),
        ("Shop.Tests.dll", "Shop.Cart.Breaks", 1, "error", None),
        ("Shop.Tests.dll", "Shop.Cart.Waits", 1, "skipped", None),
    ]
    assert rows["at"].to_list()[:2] == [
        datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC),
        datetime(2026, 3, 2, 9, tzinfo=UTC),
    ]


def test_nunit_2_gives_cases_also_of_its_oldest_form(results):
    rows = results(NUNIT2, time_zone="Europe/Berlin").rows
    assert rows.select(SHORT).rows() == [
        ("shop.dll", "Shop.Cart.Adds", 1, "passed", 0.016),
        ("shop.dll", "Shop.Cart.Pays", 1, "failed", 0.02),
        ("shop.dll", "Shop.Cart.Old", 1, "failed", 0.02),
        ("shop.dll", "Shop.Cart.Older", 1, "skipped", None),
    ]
    assert rows["at"][0] == datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_xunit_gives_tests_with_their_type_once(results):
    rows = results(XUNIT, time_zone="UTC").rows
    suite = "shop.dll: Test collection for Shop.Cart"
    assert rows.select(SHORT).rows() == [
        (suite, "Shop.Cart.Adds(n: 1)", 1, "passed", 0.25),
        (suite, "Shop.Cart.pays the bill", 1, "failed", 0.5),
        (suite, "Shop.Cart.Waits", 1, "skipped", 0.0),
    ]
    assert rows["at"][0] == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_trx_gives_results_with_classes_and_each_row_of_data_in_place_of_the_whole(results):
    batch = results(TRX)
    assert (batch.n_read, batch.n_absorbed) == (5, 1)
    assert batch.rows.select(SHORT).rows() == [
        ("shop.dll", "Shop.Cart.Adds", 1, "passed", 1.5),
        ("shop.dll", "Shop.Cart.Pays (1)", 1, "passed", None),
        ("shop.dll", "Shop.Cart.Pays (2)", 1, "failed", None),
        ("shop.dll", "Shop.Cart.Waits", 1, "skipped", None),
    ]
    assert batch.rows["at"][0] == datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize("form", ALL)
def test_every_form_is_recognised_and_names_no_person(form, load, save, said_anywhere):
    found = TEST_REPORTS.recognise(save(ALL[form], "x.bin"))
    assert (found.kind, found.confidence) == ("test_reports", 0.95)
    said = said_anywhere(load(TEST_REPORTS, ALL[form], name="x.xml")).lower()
    assert "ada" not in said


@pytest.mark.parametrize("form", ["junit", "trx"])
def test_utf_16_and_gzip_give_the_same(form, load, tmp_path):
    import gzip  # noqa: PLC0415

    expected = load(TEST_REPORTS, ALL[form])["test_results"].rows
    wide = ALL[form].replace('encoding="UTF-8"', "").replace('encoding="utf-8"', "")
    for content in (gzip.compress(ALL[form].encode()), wide.encode("utf-16")):
        rows = load(TEST_REPORTS, content)["test_results"].rows
        assert rows.equals(expected)


@pytest.mark.parametrize(
    "content",
    [
        "<suites><suite><case name='x'/></suite></suites>",
        "<assemblies><assembly/></assemblies>",
        "<TestRun/>",
        "<html><body>sign in</body></html>",
        '{"suites": []}',
        "",
        "<",
        '<bom xmlns="http://cyclonedx.org/schema/bom/1.4"/>',
        '<!DOCTYPE x [<!ENTITY a "b">]><testsuites/>',
    ],
)
def test_what_others_write_is_not_recognised(content, save):
    assert TEST_REPORTS.recognise(save(content)) is None


# ---- SEVERAL RESULTS OF ONE CASE ---- #


def test_surefires_flaky_tries_come_before_the_one_that_passed(results):
    flaky = '<flakyFailure time="1"/><flakyError time="2"/>'
    rows = results(cases(f'<testcase name="a" time="3">{flaky}</testcase>')).rows
    assert rows.select("number", "result", "seconds").rows() == [
        (1, "failed", 1.0),
        (2, "error", 2.0),
        (3, "passed", 3.0),
    ]


def test_surefires_reruns_come_after_the_first_failure(results):
    tries = "<failure/><rerunFailure/><rerunError/>"
    rows = results(cases(f'<testcase name="a">{tries}</testcase>')).rows
    assert rows.select("number", "result").rows() == [(1, "failed"), (2, "failed"), (3, "error")]


def test_a_case_that_comes_again_is_its_next_result(results):
    batch = results(cases('<testcase name="a"><failure/></testcase>', '<testcase name="a"/>'))
    assert batch.rows.select("number", "result").rows() == [(1, "failed"), (2, "passed")]
    assert batch.n_duplicates == 0


def test_the_same_case_on_another_machine_or_framework_is_no_retry(results):
    both = "".join(
        cases('<testcase name="a"/>', suite=f'name="s" hostname="{host}"')
        for host in ("chromium", "firefox", "chromium")
    )
    rows = results(f"<testsuites>{both}</testsuites>").rows
    assert rows.select("suite", "number").rows() == [("s", 1), ("s (2)", 1), ("s", 2)]
    frameworks = "".join(
        f'<assembly name="s.dll" target-framework="{one}"><test name="a" result="Pass"/></assembly>'
        for one in ("net6", "net8")
    )
    rows = results(f"<assemblies>{frameworks}</assemblies>").rows
    assert rows.select("suite", "number").rows() == [("s.dll", 1), ("s.dll (2)", 1)]


# ---- TIMES AND RUNS ---- #


def test_a_result_is_kept_undated_where_its_suites_time_has_no_zone(results):
    report = cases('<testcase name="a"/>', suite='timestamp="2026-03-02T10:00:00"')
    batch = results(report)
    assert batch.rows["at"].to_list() == [None]
    assert "1 results are not dated" in batch.notes[0]
    assert "set `time_zone`" in batch.notes[0]
    batch = results(report, time_zone="Europe/Berlin")
    assert batch.rows["at"].to_list() == [datetime(2026, 3, 2, 9, tzinfo=UTC)]
    assert batch.notes == ()


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "yesterday", "2026-02-30T00:00:00Z"])
def test_a_result_is_kept_undated_where_its_suites_time_is_none(results, text):
    batch = results(cases('<testcase name="a"/>', suite=f'timestamp="{text}"'))
    assert batch.rows["at"].to_list() == [None]
    assert "is none" in batch.notes[0]


def test_the_clock_time_that_a_zone_skips_is_none(results):
    report = cases('<testcase name="a"/>', suite='timestamp="2026-03-29T02:30:00"')
    batch = results(report, time_zone="Europe/Berlin")
    assert batch.rows["at"].to_list() == [None]
    assert "is none" in batch.notes[0]


def test_mochas_time_is_read(results):
    suite = 'timestamp="Sat, 03 Dec 2022 23:10:07 GMT"'
    rows = results(cases('<testcase name="a"/>', suite=suite)).rows
    assert rows["at"].to_list() == [datetime(2022, 12, 3, 23, 10, 7, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("1.5", 1.5), ("1,234.5", 1234.5), ("1,234,567", 1_234_567), ("0,016", 0.016),
     ("12,5", 12.5), ("1,234", None), ("00:01:01.25", 61.25), ("1.00:00:01", 86_401), (".5", 0.5),
     ("1e-3", 0.001), ("-1", None), ("nan", None), ("inf", None), ("soon", None), ("1e999", None),
     ("²", None)],
)  # fmt: skip
def test_durations_are_read_as_tools_write_them_and_null_where_that_is_not_clear(text, seconds):
    assert seconds_of(text) == seconds


def test_a_duration_that_is_none_is_said_and_the_result_kept(results):
    batch = results(cases('<testcase name="a" time="-1"/>'))
    assert batch.rows["seconds"].to_list() == [None]
    assert batch.notes == ("test_results: 1 durations can't be read as seconds, such as '-1'",)


def test_the_run_is_taken_out_of_the_path(results):
    report = cases('<testcase name="a"/>')
    assert results(report, run=r"run-\d+").rows["run_id"].to_list() == ["run-7"]
    assert results(report, run=r"run-(?P<run>\d+)").rows["run_id"].to_list() == ["7"]
    batch = results(report, run=r"build-\d+")
    assert batch.rows["run_id"].to_list() == ["exports/run-7.xml"]
    assert "takes nothing out of this path" in batch.notes[0]


# ---- BROKEN ---- #


def test_a_case_without_a_name_is_quarantined(results):
    batch = results(cases("<testcase/>", '<testcase classname="C"/>'))
    assert batch.rows["case"].to_list() == ["C"]
    assert batch.quarantined["reason"].to_list() == ["missing_value"]


def test_a_suite_may_count_more_tests_than_there_can_be(results):
    batch = results(cases(suite=f'tests="{"9" * 5000}"') + "")
    assert batch.quarantined["reason"].to_list() == ["suite_without_cases"]


def test_a_suite_that_counts_tests_but_names_none_is_quarantined_once(results):
    inner = cases(suite='name="inner" tests="3"')
    batch = results(cases(inner, suite='name="outer" tests="3"'))
    assert batch.n_read == 1
    assert batch.quarantined["reason"].to_list() == ["suite_without_cases"]
    assert "'inner'" in batch.quarantined["message"][0]


def test_of_a_report_that_breaks_off_the_whole_cases_stay(results):
    whole = (
        JUNIT.split("<testsuite name=", maxsplit=1)[0]
        + '<testsuite><testcase name="a"/><testcase name="b">'
    )
    batch = results(whole)
    assert (batch.n_read, batch.rows["case"].to_list()) == (2, ["a"])
    assert batch.quarantined["reason"].to_list() == ["broken_xml"]
    assert "line 3" in batch.quarantined["message"][0]


def test_trx_that_breaks_off_is_refused_as_its_end_tells_the_classes(results):
    with pytest.raises(ExportError, match="no whole XML"):
        results(TRX.replace("</TestRun>", ""))


def test_colours_in_what_tests_print_break_nothing(results):
    printed = "<system-out>\x1b[31mred\x1b[0m &#x1b;[0m &#27; &#x0000;</system-out>"
    batch = results(cases(f'<testcase name="a&#x1B;b">{printed}</testcase>'))
    assert batch.rows["case"].to_list() == ["ab"]


@pytest.mark.parametrize(
    "content",
    ["", "text", "<testsuite", '<!DOCTYPE a [<!ENTITY b "c">]><testsuite name="&b;"/>',
     "<suites/>", "<testsuites>" * 200],
)  # fmt: skip
def test_what_is_no_report_is_refused_with_its_name(results, content):
    with pytest.raises(ExportError, match=r"run-7\.xml"):
        results(content)


def test_a_report_without_any_case_is_read_as_such(results):
    batch = results("<testsuites/>")
    assert (batch.n_read, batch.notes) == (0, ("test_results: the report holds no test case",))


@given(form=st.sampled_from(sorted(ALL)), seed=st.integers(0, 10**6))
@settings(max_examples=120)
def test_no_damage_breaks_the_reading_or_the_count(survives, form, seed):
    survives(TEST_REPORTS, ALL[form].encode(), seed)
