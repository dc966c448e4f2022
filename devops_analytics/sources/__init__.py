"""One module for each tool whose exports can be read, and the registry of them."""

from typing import Final

from devops_analytics.sources.alertmanager import ALERTMANAGER
from devops_analytics.sources.argocd import ARGOCD
from devops_analytics.sources.attestations import ATTESTATIONS
from devops_analytics.sources.azure_devops import AZURE_DEVOPS
from devops_analytics.sources.bamboo import BAMBOO
from devops_analytics.sources.bitbucket import BITBUCKET
from devops_analytics.sources.cdevents import CDEVENTS
from devops_analytics.sources.circleci import CIRCLECI
from devops_analytics.sources.database import DATABASE
from devops_analytics.sources.devlake import DEVLAKE
from devops_analytics.sources.git import GIT
from devops_analytics.sources.github import GITHUB
from devops_analytics.sources.gitlab import GITLAB
from devops_analytics.sources.gitops import GITOPS
from devops_analytics.sources.infrastructure import INFRASTRUCTURE
from devops_analytics.sources.jenkins import JENKINS
from devops_analytics.sources.jira import JIRA
from devops_analytics.sources.openvex import OPENVEX
from devops_analytics.sources.opsgenie import OPSGENIE
from devops_analytics.sources.otlp import OTLP
from devops_analytics.sources.pagerduty import PAGERDUTY
from devops_analytics.sources.sarif import SARIF
from devops_analytics.sources.sbom import SBOM
from devops_analytics.sources.scorecard import SCORECARD
from devops_analytics.sources.servicenow import SERVICENOW
from devops_analytics.sources.sonarqube import SONARQUBE
from devops_analytics.sources.source import SourceKind
from devops_analytics.sources.status_records import STATUS_RECORDS
from devops_analytics.sources.statuspage import STATUSPAGE
from devops_analytics.sources.survey import SURVEY
from devops_analytics.sources.table import TABLE
from devops_analytics.sources.terraform import TERRAFORM
from devops_analytics.sources.test_reports import TEST_REPORTS
from devops_analytics.sources.trivy import TRIVY

SOURCES: Final[dict[str, SourceKind]] = {
    source.kind: source
    for source in (
        GIT,
        GITHUB,
        GITLAB,
        BITBUCKET,
        AZURE_DEVOPS,
        JENKINS,
        CIRCLECI,
        BAMBOO,
        ARGOCD,
        GITOPS,
        INFRASTRUCTURE,
        TERRAFORM,
        PAGERDUTY,
        OPSGENIE,
        JIRA,
        SERVICENOW,
        ALERTMANAGER,
        STATUSPAGE,
        STATUS_RECORDS,
        CDEVENTS,
        OTLP,
        TEST_REPORTS,
        SARIF,
        SBOM,
        OPENVEX,
        SCORECARD,
        SONARQUBE,
        TRIVY,
        SURVEY,
        ATTESTATIONS,
        DATABASE,
        DEVLAKE,
        TABLE,
    )
}
"""Every source by its kind; where two recognise a file, the earlier and surer one is asked."""
