"""The canonical tables beside delivery: tests, alerts, findings, infrastructure, people."""

from typing import Final

from devops_analytics.schema_columns import (
    Traced,
    count,
    decimal,
    flag,
    key,
    moment,
    position,
    required,
    text,
    time,
    word,
)

TEST_RESULTS: Final = ("passed", "failed", "error", "skipped", "unknown")
"""What a test case came to."""

SEVERITIES: Final = ("critical", "high", "medium", "low", "info", "unknown")
"""How bad a finding is; each tool's own words are mapped once, by its source."""

INFRASTRUCTURE_TOOLS: Final = (
    "terraform",
    "opentofu",
    "ansible",
    "kubernetes",
    "helm",
    "kustomize",
    "docker",
    "pulumi",
    "cloudformation",
)


class TestResults(Traced):
    """Test cases of runs, as test reports have them."""

    __test__ = False  # the name begins as pytest's own do

    run_id = key("the run, or where the report names none, the report")
    suite = key("name of the suite; empty: the report names none", may_be_empty=True)
    case = key("name of the test case, with its class where there is one")
    number = position("1 for the first result of this case in the run, 2 for a retry …")
    repo = text("name of the repository; null: not in the export")
    at = time("when the suite ran; null: the report does not say")
    seconds = decimal("how long it took, in seconds; null: not said")
    result = word("what it came to", TEST_RESULTS, nullable=False)


class Alerts(Traced):
    """Alerts that a monitoring system raised."""

    alert_id = key("unique over all sources")
    service = text("service concerned; null: not said")
    name = text("name of the rule that fired; null: not said")
    severity = text("the tool's own word, lower case")
    started_at = time("when it fired")
    ended_at = time("when it ended; null: still firing, or not in the export")
    acknowledged_at = time("when somebody took it; null: nobody, or not in the export")
    actionable = flag("somebody had to act; null: not said")


class Findings(Traced):
    """Weaknesses as a tool that follows them over time tells of them, one row each."""

    tool = key("the tool that found it")
    repo = key("name of the repository or artifact; empty: not in the export", may_be_empty=True)
    fingerprint = key("what tells this finding from others of the tool, over all its scans")
    rule = text("the rule or advisory (CVE, CWE, rule id)")
    severity = word("how bad it is", SEVERITIES, nullable=False)
    first_seen_at = time("when it was first seen; null: not in the export")
    fixed_at = time("when it was fixed; null: open, or not in the export")
    suppressed = flag("dismissed or marked as not affected; null: not said")
    dependency = text("the package it lies in; null: own code, or not said")
    path = text("the file it lies in; null: not said")


class Sightings(Traced):
    """Weaknesses as single scans saw them; findings are made of these by comparing scans."""

    tool = key("the tool that scanned")
    repo = key(
        "name of the repository or artifact scanned; empty: not in the export", may_be_empty=True
    )
    fingerprint = key("what tells this finding from others of the tool, over all its scans")
    at = moment("when the scan was made")
    rule = text("the rule or advisory (CVE, CWE, rule id)")
    severity = word("how bad it is", SEVERITIES, nullable=False)
    suppressed = flag("dismissed in the report or its baseline; null: not said")
    dependency = text("the package it lies in; null: own code, or not said")
    path = text("the file it lies in; null: not said")


class Scans(Traced):
    """That something was scanned, and what came of it."""

    tool = key("the tool that scanned")
    repo = key(
        "name of the repository or artifact scanned; empty: not in the export", may_be_empty=True
    )
    check = key("the check that a score belongs to; empty: the scan as a whole", may_be_empty=True)
    at = moment("when the scan was made")
    succeeded = flag("it came to its end; null: not said")
    findings = count("findings in it; null: not said")
    score = decimal("the tool's own score, 0-10 for OpenSSF Scorecard; null: none, or inconclusive")


class Components(Traced):
    """Parts that a bill of materials lists."""

    repo = key("name of the repository or artifact described")
    purl = key("package URL; where there is none, name@version")
    at = moment("when the bill was made")
    name = text("name of the component")
    version = text("its version; null: not said")
    licence = text("its licence as declared; null: not said")


class InfrastructureFiles(Traced):
    """Files of a repository that describe machines, networks and what runs on them."""

    repo = key("name of the repository")
    path = key("path of the file at the head of the default branch")
    tool = word("the tool that it is written for", INFRASTRUCTURE_TOOLS, nullable=False)
    found_by = word("what told", ("path", "content"), nullable=False)
    at = time("when the head of the default branch was committed")


class InfrastructurePlans(Traced):
    """Plans and state summaries of infrastructure tools."""

    plan_id = key("unique over all sources")
    kind = word("a plan of changes or a state", ("plan", "state"), nullable=False)
    tool = word("the tool that wrote it", INFRASTRUCTURE_TOOLS, nullable=False)
    repo = text("name of the repository; null: not declared")
    service = text("service that it belongs to; null: not declared")
    environment = text("environment or workspace; null: not declared")
    at = time("when it was made; null: not in the export")
    resources = count("resources under management; null: not in the export")
    to_create = count("resources to create; null: a state")
    to_update = count("resources to change in place; null: a state")
    to_delete = count("resources to delete; null: a state")
    to_replace = count("resources to delete and create again; null: a state")
    drifted = count("resources that differ from the code without a plan to; null: not said")
    succeeded = flag("the plan came to its end without an error; null: not said")


class Answers(Traced):
    """Answers of surveys, one row per respondent and item."""

    wave = key("the survey wave")
    respondent = key("pseudonym of the respondent, different in every wave")
    item = key("the item (question) by its declared id")
    team = text("team that the respondent named; null: not asked")
    at = time("when it was given; null: not in the export")
    value = decimal("the answer as a number on its scale; null: don't know, or not answered")
    label = text("the answer's own words, of a declared scale only; null: free text is dropped")
    scale = required("the scale that the value lies on, such as `1-7`")
    wording = text("fingerprint of the question's text: waves compare only where it is the same")


class Attestations(Traced):
    """What somebody stands up for, with a link to the proof."""

    subject = key("team, service or organisation that it is said of")
    indicator = key("the indicator that it is evidence for")
    at = moment("when it was said")
    value = decimal("0-1: how far it holds; null: known not to apply")
    url = text("link to the proof; null: none")
    expires_at = time("until when it may be used; null: the model's default")
