"""One module for each tool whose exports can be read, and the registry of them."""

from typing import Final

from devops_analytics.sources.git import GIT
from devops_analytics.sources.github import GITHUB
from devops_analytics.sources.pagerduty import PAGERDUTY
from devops_analytics.sources.source import SourceKind
from devops_analytics.sources.table import TABLE

SOURCES: Final[dict[str, SourceKind]] = {
    source.kind: source for source in (GIT, GITHUB, PAGERDUTY, TABLE)
}
"""Every source by its kind; where two recognise a file, the earlier and surer one is asked."""
