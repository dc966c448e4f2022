"""Pages on an organisation worked out by hand; the arithmetic stands in its docstring."""

import json
import re

import polars as pl
import pytest

from devops_analytics.errors import PeriodError, UnknownNameError
from devops_analytics.metrics import DORA_FIVE, METRICS
from devops_analytics.reference import described
from devops_analytics.reporting.block import PLOTLY, SHOWN
from devops_analytics.reporting.delivery import HEADLINE_METRICS, variants_of
from devops_analytics.reporting.gaps import missing_feeds
from devops_analytics.reporting.opening import PAGES, open_page
from devops_analytics.reporting.provenance import settings_fingerprint
from devops_analytics.reporting.runner import notebook_path, read_notebook

BLOCKS = {
    "executive_summary": (
        "in_short", "metrics_table", "methods", "maturity", "unknowns", "worst_quality",
    ),
    "delivery": ("overview", "stages", "sensitivity", "coverage", "unlinked"),
    "maturity": (
        "in_short", "moves", "change_index", "worth", "weights", "attestations", "model",
    ),
    "data_quality": (
        "worst", "coverage", "feeds", "checks", "why", "why_by_service", "conservation",
        "quarantine",
    ),
    "explore": ("tables",),
    "simulation": ("coverage", "censoring", "false_alarms", "power"),
}  # fmt: skip
BY_METRIC = ("headline", "by_service", "trend", "process_chart", "method", "variants", "rows")


def shown(block) -> list[dict]:
    return block._repr_mimebundle_()[SHOWN]["records"]


# ---- Opening ---- #


def test_empty_parameters_mean_the_last_complete_quarter_beside_the_one_before(organisation):
    # The data end on 24 June 2026, so the last complete quarter is the first.
    page = open_page("delivery", workspace=str(organisation))
    assert (page.period.label, page.before.label, page.team) == ("2026-Q1", "2025-Q4", None)


def test_a_folder_with_settings_is_opened_by_them(organisation):
    page = open_page("delivery", workspace=str(organisation.parent), period="2026-05")
    assert page.workspace.origin == organisation


def test_the_compared_period_can_be_named(organisation):
    page = open_page(
        "delivery", workspace=str(organisation), period="2026-05", compare_to="2026-01"
    )
    assert page.before.label == "2026-01"


def test_where_nothing_is_named_the_lab_says_which_workspace(organisation, monkeypatch):
    monkeypatch.setenv("DEVOPS_ANALYTICS_WORKSPACE", str(organisation))
    monkeypatch.setenv("DEVOPS_ANALYTICS_AS_OF", "2026-06-01")
    page = open_page("delivery")
    assert page.workspace.origin == organisation
    assert f"{page.workspace.as_of:%Y-%m-%d}" == "2026-05-31"  # midnight in London is 23 h UTC


def test_an_unknown_page_or_team_is_an_error_that_names_the_known_ones(organisation):
    with pytest.raises(
        UnknownNameError,
        match="executive_summary, delivery, maturity, data_quality, explore, simulation",
    ):
        open_page("deliveries", workspace=str(organisation))
    with pytest.raises(UnknownNameError, match=r"no team is called 'shops'; teams: back, shop\."):
        open_page("delivery", workspace=str(organisation), team="shops")
    with pytest.raises(PeriodError, match="in the future"):
        open_page("delivery", workspace=str(organisation), period="2030-Q1")


# ---- Every block ---- #


@pytest.mark.parametrize("team", ["", "shop", "back"])
@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_filled_or_says_why_not_and_shows_data_as_text(page, name, team, hostile):
    opened = page(name, team=team)
    blocks = [opened.title(), opened.provenance(), *(getattr(opened, b)() for b in BLOCKS[name])]
    if name == "delivery":
        blocks += [getattr(opened, b)(one) for b in BY_METRIC for one in HEADLINE_METRICS]
    if name == "maturity":
        blocks += opened.lenses()
    for block in blocks:
        bundle = block._repr_mimebundle_()
        assert bundle["text/html"]
        # "None in 91 live days" is a sentence, a None of Python's is none.
        assert not re.search(r"None(?! in \d)", re.sub(r"<[^>]*>", " ", bundle["text/html"]))
        assert hostile not in bundle["text/html"]
        assert "<b>b</b>" not in bundle["text/html"]
        assert json.loads(json.dumps(bundle)) == bundle
        if PLOTLY in bundle:
            assert bundle[PLOTLY]["layout"]["meta"]["alt"]
            assert hostile not in json.dumps(bundle[PLOTLY]["data"])


def test_the_title_states_what_the_page_is_about(page):
    block = page("delivery", team="shop").title()
    assert block.facts == {
        "organisation": "Tools & <i>Sons</i>",
        "team": "The <u>shop</u>",
        "heading": "Delivery",
        "period": "2026-Q2",
        "days": "1 April to 30 June 2026",
        "as_of": "1 July 2026, 00:00 (Europe/London)",
        "version": block.facts["version"],
    }
    # 3 deployments and 4 commits in each of 25 weeks, and 5 incidents.
    assert "180 records from 3 exports" in block.html
    assert "The &lt;u&gt;shop&lt;/u&gt;" in block.html


def test_a_period_that_is_not_over_says_so(organisation):
    early = open_page("delivery", workspace=str(organisation), period="2026-Q2", as_of="2026-05-01")
    assert "not complete yet" in early.title().html


@pytest.mark.parametrize("name", PAGES)
def test_each_notebook_runs_top_to_bottom(organisation, monkeypatch, name) -> None:
    monkeypatch.setenv("DEVOPS_ANALYTICS_WORKSPACE", str(organisation))
    names: dict[str, object] = {}
    for cell in read_notebook(notebook_path(name)).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, name, "exec"), names)
    assert isinstance(names["page"], PAGES[name])


# ---- Numbers ---- #


def test_the_headline_is_the_number_worked_by_hand(page):
    # 12 Mondays, each 6, 5 and 4 hours for pay: the median is 5.
    block = page("delivery", team="shop").headline("change_lead_time")
    assert shown(block)[0]["entity"] == "shop"
    # With 12 times 2 hours of the other service the middle of the 48 is (4 + 5) / 2.
    assert shown(block)[0]["value"] == 4.5
    assert '<p class="number">4.5 <span class="unit">h</span></p>' in block.html
    assert "Half of changes reached production within 4.5\xa0h" in block.html


def test_services_are_shown_each_with_its_own_number(page, hostile):
    block = page("delivery").by_service("change_lead_time")
    values = {record["entity"]: record["value"] for record in shown(block)}
    assert values["pay"] == 5.0
    assert values[hostile] == 2.0
    assert block.figure is not None
    assert "no feed of commits" in block.html


def test_the_overview_shows_both_periods_and_too_few_as_words(page):
    records = shown(page("delivery").overview())
    assert [r["metric"] for r in records[::2]] == [*DORA_FIVE, "time_to_restore"]
    assert {r["period"] for r in records} == {"2026-Q2", "2026-Q1"}
    html = page("delivery").overview().html
    assert "too few" in html
    assert "only 2: 2.0, 2.0 hours" in html


def test_the_trend_runs_over_thirteen_months_up_to_the_period(page):
    records = shown(page("delivery").trend("deployment_frequency"))
    assert [r["period"] for r in (records[0], records[-1])] == ["2025-06", "2026-06"]
    assert records[0]["status"] == "unknown"
    weeks = shown(page("delivery", period="2026-W20").trend("deployment_frequency"))
    assert [r["period"] for r in (weeks[0], weeks[-1])] == ["2026-W08", "2026-W20"]


def test_a_trend_of_nothing_but_unknown_says_why_in_place_of_a_chart(page):
    block = page("delivery").trend("time_to_restore")
    assert block.figure is None
    assert 'class="nothing"' in block.html
    assert "none of 13 periods has a number" in block.html
    assert "too few" in block.html


def test_a_headline_says_whether_it_changed_and_the_overview_does_for_all(page):
    # 36 in 91 days; 39 in the 85.5 since the first, on 5 January: 36 / 91 / (39 / 85.5) = 0.867.
    html = page("delivery").headline("deployment_frequency").html
    assert "No detectable change from 2026-Q1: −13 % (95 % interval" in html.replace("\xa0", " ")
    overview = page("delivery").overview().html
    assert overview.count('class="verdict no"') == 4
    assert overview.count('class="verdict not"') == 2
    assert "No detectable change from 2026-Q1" in page("executive_summary").in_short().html


def test_a_process_chart_stands_beside_each_trend_with_what_happened(page, hostile):
    block = page("delivery").process_chart("deployment_frequency")
    assert block.figure is not None
    assert "The limits come from 13 points" in block.html
    assert "u′ chart, 2026-W02 to 2026-W26" in block.html
    for shown_over_time in (block, page("delivery").trend("deployment_frequency")):
        assert "Marked: 1 &lt;script&gt;" in shown_over_time.html
        assert ", 1 May 2026." in shown_over_time.html
        assert hostile not in shown_over_time.html
        assert "1" in [one.text for one in shown_over_time.figure.layout.annotations]
    few = page("delivery").process_chart("change_lead_time").html
    assert "No chart" not in few


def test_the_rows_name_a_command_without_the_machine(page, organisation):
    html = page("delivery", team="shop").rows("change_lead_time").html
    assert "48 observations in the period." in html
    assert (
        "devops-analytics rows change_lead_time --period 2026-Q2 "
        "--as-of 2026-06-30T23:00:00Z --team shop"
    ) in html
    assert str(organisation.parent) not in html


def test_the_sensitivity_of_the_fail_rate_stands_beside_it(page):
    # Incidents begin an hour after the deployment: every window finds the same 2 of 36.
    html = page("delivery").sensitivity().html
    windows = html.partition(">definition<")[0]
    assert windows.count("2 of 36") == 3
    assert "named causes only" in windows
    assert windows.count("24 hours (as set)") == 1


def test_stages_that_nobody_knows_are_said_in_one_line(page):
    block = page("delivery").stages()
    assert block.figure is None
    assert "The stages are not known: no feed of pull or merge requests." in block.html


def test_every_metric_has_a_page_that_shows_it_or_is_a_variant_or_evidence() -> None:
    shown_as_variant = {one.id for name in HEADLINE_METRICS for one in variants_of(name)}
    for declared in METRICS:
        if declared.family == "delivery" and not declared.id.startswith("lead_time_stage_"):
            assert declared.id in {*HEADLINE_METRICS, *shown_as_variant}


def test_how_a_number_is_computed_is_its_whole_declaration(page):
    html = page("delivery").method("change_fail_rate").html.unescape()
    declared = next(one for one in METRICS if one.id == "change_fail_rate")
    for label, text in described(declared):
        assert label in html
        assert text in html


def test_the_summary_has_five_lines(page):
    html = page("executive_summary").in_short().html
    assert html.count("<li>") == 5
    assert "Culture" in html


def test_missing_exports_are_named_with_the_metrics_that_leave_services_out(page):
    html = page("executive_summary").unknowns().html
    assert "commits" in html
    assert "change lead time" in html
    assert "a git clone or an export of commits" in html


def test_exports_that_end_early_are_gaps_and_new_services_are_not(page) -> None:
    opened = page("delivery")
    start, end = opened.period.start, opened.period.end
    late = start.replace(month=5)
    coverage = pl.DataFrame(
        [
            ("deployments", "whole", start, end),
            ("deployments", "ended", start, late),
            ("deployments", "new", late, end),
            ("commits", "whole", late, end),
        ],
        schema=["table", "service", "live_from", "live_to"],
        orient="row",
    )
    found = missing_feeds(
        coverage,
        ["whole", "ended", "new"],
        tables=["deployments", "commits"],
        period=opened.period,
        as_of=end,
        zone=opened.zone,
    )
    assert found.rows() == [
        ("deployments", "ended", "until 1 June 2026"),  # 31 May, 23 h UTC, in London
        ("commits", "whole", "from 1 June 2026"),
        ("commits", "ended", "no export"),
        ("commits", "new", "no export"),
    ]


def test_records_read_are_accounted_for_file_by_file(page):
    html = page("delivery").provenance().html
    assert "<td>commits</td><td>100</td><td>100</td><td>0</td><td>0</td>" in html
    assert "fingerprint" in html


def test_the_settings_fingerprint_tells_settings_apart_but_not_the_salt(page):
    settings = page("delivery").workspace.settings
    other_salt = settings.model_copy(
        update={"people": settings.people.model_copy(update={"salt": "another"})}
    )
    other_zone = settings.model_copy(
        update={"organisation": settings.organisation.model_copy(update={"time_zone": "UTC"})}
    )
    assert settings_fingerprint(other_salt) == settings_fingerprint(settings)
    assert settings_fingerprint(other_zone) != settings_fingerprint(settings)


# ---- Data quality ---- #


def test_the_worst_finding_is_one_line_on_both_pages(page, hostile):
    # Of 75 deployments the 25 of the bought service are of no repository.
    line = "Deployments of services without a repository: 25 of 75 production deployments"
    for name, block in (("data_quality", "worst"), ("executive_summary", "worst_quality")):
        html = getattr(page(name), block)().html
        assert line in html
        assert html.count("<p") == 1


def test_a_team_has_its_own_findings(page):
    checks = page("data_quality", team="back").checks().html
    assert "25 of 25" in checks
    assert "25 of 75" not in checks
    shop = page("data_quality", team="shop")
    assert "deployments_no_repository" not in shop.findings["check"].to_list()


def test_findings_stand_by_severity_each_with_examples_and_what_to_do(page):
    html = page("data_quality").checks().html
    headings = re.findall(r"<h3>([^<]+)</h3>", html)
    assert headings == [word for word in ("Bends numbers", "Leaves records out", "Good to know")
                        if word in headings]  # fmt: skip
    assert "Such as bought-0: 2026-01-06" in html
    assert "Name the service&#39;s repositories under its team in the settings." in html


def test_metrics_without_a_number_say_why(page):
    html = page("data_quality").why().html
    assert "Without a number, 2026-Q2" in html
    assert "No feed of pipeline runs" in html
    assert "On a part of the records, 2026-Q2" in html
    assert "12 of 36 deployments lead to no commit" in html  # every Tuesday, without a repository
    own = page("data_quality").why_by_service().html
    assert "No feed of commits" in own


def test_every_feed_is_listed_with_its_time(page):
    html = page("data_quality").feeds().html
    assert "3 feeds: 3 speak up to the end, 0 do not." in html
    assert "1 January 2026" in html


def test_every_record_is_accounted_for_on_the_page(page):
    assert "Read 180 = loaded 180 + quarantined 0 + duplicates 0." in (
        page("data_quality").conservation().html
    )
    assert "No record is in quarantine." in page("data_quality").quarantine().html
