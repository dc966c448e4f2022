"""The `[[sources]]` entries whose tool is known, so that hardly anything needs to be said."""

from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from devops_analytics.config_evidence import (
    AttestationsSource,
    DatabaseSource,
    DevlakeSource,
    OpenvexSource,
    SarifSource,
    SbomSource,
    ScorecardSource,
    SonarqubeSource,
    SurveySource,
    TrivySource,
)
from devops_analytics.config_sources import (
    GitSource,
    InRepository,
    InZone,
    Pattern,
    Section,
    SourceBase,
    TableSource,
    TimeZone,
)


class WithIssues(InRepository):
    """What an entry says whose issues may be incidents."""

    incident_labels: list[str] = ["incident", "outage"]
    """Labels that make an issue an incident."""


class OfService(InZone):
    """What an entry says whose records may not name their service."""

    service: str | None = None
    """The service that the records belong to, where they don't say."""


# ---- Delivery platforms ---- #


class GithubSource(WithIssues):
    """GitHub: REST answers, webhook events and alerts saved as files."""

    kind: Literal["github"]


class GitlabSource(WithIssues):
    """GitLab: REST answers and webhook events saved as files."""

    kind: Literal["gitlab"]


class BitbucketSource(InRepository):
    """Bitbucket: REST answers (Cloud and Data Center) saved as files."""

    kind: Literal["bitbucket"]
    incident_labels: list[str] = ["incident", "outage"]
    """Kinds (such as bug) and components that make an issue an incident."""


class AzuredevopsSource(InRepository):
    """Azure DevOps: REST answers saved as files."""

    kind: Literal["azuredevops"]
    incident_labels: list[str] = ["incident", "outage"]
    """Types (such as Bug) and tags that make a work item an incident."""


class JenkinsSource(InRepository, InZone):
    """Jenkins: answers of its JSON API saved as files."""

    kind: Literal["jenkins"]


class CircleciSource(InRepository):
    """CircleCI: answers of its API saved as files."""

    kind: Literal["circleci"]


class BambooSource(InRepository):
    """Bamboo: answers of its REST API saved as files."""

    kind: Literal["bamboo"]


class ArgocdSource(InRepository):
    """Argo CD: applications with their history, as JSON or YAML."""

    kind: Literal["argocd"]


# ---- GitOps and infrastructure as code ---- #


class GitopsPath(Section):
    """Where a GitOps repository says which version of a service runs in an environment."""

    path: Pattern
    """Found in the file's path; its groups `service` and `environment` name these."""
    key: str
    """Dotted path of the version in the YAML, such as `image.tag`; `*` stands for any key or item,
    and names the service where nothing else does.
    """
    service: str | None = None
    """The service, where the path does not name it."""
    environment: str | None = None
    """The environment, where the path does not name it."""
    repository: str | None = None
    """The repository that the versions belong to; without it, the service's only one."""


class GitopsSource(SourceBase):
    """A clone whose history is the deployment log: versions per environment in YAML."""

    kind: Literal["gitops"]
    deployments: list[GitopsPath]
    """Where the versions are."""
    repository: str | None = None
    """The clone's name; without it, the folder's."""


class InfrastructureSource(SourceBase):
    """A clone in which infrastructure as code is looked for, by path and content."""

    kind: Literal["infrastructure"]
    repository: str | None = None
    """The repository's name; without it, the folder's."""


class TerraformSource(InRepository):
    """Terraform and OpenTofu: plans and states as `show -json` prints them."""

    kind: Literal["terraform"]
    environment: str | None = None
    """The environment that the plan or state is of."""


# ---- Incidents and alerts ---- #


class PagerdutySource(InZone):
    """PagerDuty: incidents, analytics, log entries and change events, as JSON or CSV."""

    kind: Literal["pagerduty"]


class OpsgenieSource(OfService):
    """Opsgenie and Jira Service Management: alerts and incidents as JSON."""

    kind: Literal["opsgenie"]


class JiraSource(OfService):
    """Jira: issues as search JSON with changelog, or as CSV."""

    kind: Literal["jira"]
    time_format: str | None = None
    """How times of the CSV are written, in strptime's signs."""
    incident_types: list[str] = ["incident", "outage", "bug", "production incident"]
    """Issue types (any case) that are incidents."""


class ServicenowSource(OfService):
    """ServiceNow: incident and change tables as JSON or CSV, and event logs of incidents."""

    kind: Literal["servicenow"]
    time_format: str | None = None
    """How times are written, in strptime's signs, where they are not ISO 8601."""
    encoding: Literal["utf-8", "utf-16", "latin-1"] = "utf-8"
    """How the text of CSV is encoded."""


class StatuspageSource(OfService):
    """Statuspage: incidents and maintenances as JSON or Atom."""

    kind: Literal["statuspage"]


class StatusRecordsSource(OfService):
    """Status records as Markdown with front matter, or YAML (cState, Upptime)."""

    kind: Literal["status_records"]
    planned_titles: list[Pattern] = [r"\bmaintenance\b", r"\bplanned\b", r"\bscheduled\b"]
    """Patterns (any case) of titles of planned work, where the record does not say it itself."""


class AlertmanagerSource(OfService):
    """Prometheus Alertmanager: alerts of its API and webhook logs, as JSON."""

    kind: Literal["alertmanager"]


# ---- Standards ---- #


class CdeventsSource(InRepository):
    """CDEvents, as JSON with or without a CloudEvents envelope."""

    kind: Literal["cdevents"]


class OtlpSource(InRepository):
    """OpenTelemetry traces and logs of CI/CD and deployments, as OTLP JSON."""

    kind: Literal["otlp"]


class TestReportsSource(InZone):
    """Test reports: JUnit, NUnit, xUnit.net and TRX XML."""

    __test__ = False  # the name begins as pytest's own do

    kind: Literal["test_reports"]
    time_zone: TimeZone | None = None
    """Zone of times that carry none; without it such results are loaded undated."""
    repository: str | None = None
    """The repository tested."""
    run: Pattern | None = None
    """Takes the run's id out of the file's path: group `run`, else the whole match; without it,
    each file is a run of its own. Of a case that is in several files of one run (platforms,
    attempts), one result stays, unless this takes in what tells them apart.
    """


Source = Annotated[
    GitSource
    | GithubSource
    | GitlabSource
    | BitbucketSource
    | AzuredevopsSource
    | JenkinsSource
    | CircleciSource
    | BambooSource
    | ArgocdSource
    | GitopsSource
    | InfrastructureSource
    | TerraformSource
    | PagerdutySource
    | OpsgenieSource
    | JiraSource
    | ServicenowSource
    | StatuspageSource
    | StatusRecordsSource
    | AlertmanagerSource
    | CdeventsSource
    | OtlpSource
    | TestReportsSource
    | SarifSource
    | SbomSource
    | OpenvexSource
    | ScorecardSource
    | SonarqubeSource
    | TrivySource
    | SurveySource
    | AttestationsSource
    | TableSource
    | DatabaseSource
    | DevlakeSource,
    Field(discriminator="kind"),
]

SOURCE_TYPES: Final[dict[str, type[SourceBase]]] = {
    get_args(entry.model_fields["kind"].annotation)[0]: entry
    for entry in get_args(get_args(Source)[0])
}
"""The type of a `[[sources]]` entry for each `kind`."""
