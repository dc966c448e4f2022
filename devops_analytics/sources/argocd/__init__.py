"""Argo CD: applications with the history of their syncs."""

from typing import Final

from devops_analytics.sources.argocd.reading import is_by_line, read, recognise
from devops_analytics.sources.argocd.rows import PHASES
from devops_analytics.sources.source import SourceKind

ARGOCD: Final = SourceKind(
    kind="argocd",
    title="Argo CD",
    reads="applications with their history (argocd app get or list, its API, kubectl) as JSON or "
    "YAML",
    tables=("deployments",),
    read=read,
    recognise=recognise,
    words={"phase of an operation": PHASES},
    by_line=is_by_line,
)
