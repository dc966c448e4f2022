"""Which paths are infrastructure as code, and the tool that each is written for."""

from collections.abc import Iterable
from itertools import chain
from typing import Final

import polars as pl

BY_TOOL: Final[dict[str, tuple[str, ...]]] = {
    "opentofu": (r"\.tofu(?:\.json)?$",),
    "terraform": (r"\.(?:tf|tfvars)(?:\.json)?$|(?:^|/)terragrunt\.hcl$",),
    "pulumi": (r"(?:^|/)pulumi[\w.-]*\.ya?ml$",),
    "helm": (
        r"(?:^|/)chart\.ya?ml$|(?:^|/)helmfile(?:\.ya?ml(?:\.gotmpl)?$|\.d/)",
        r"(?:^|/)charts?/[^/]+/(?:templates|crds|image-tags)/",
    ),
    "kustomize": (r"(?:^|/)kustomization(?:\.ya?ml)?$",),
    "ansible": (
        r"(?:^|/)(?:group_vars|host_vars)/|(?:^|/)ansible\.cfg$",
        r"(?:^|/)playbooks/(?:.*/)?[^/]+\.ya?ml$",
        r"(?:^|/)roles/[^/]+/(?:tasks|handlers|defaults|vars|meta|templates)/",
    ),
    "docker": (
        r"(?:^|/)(?:dockerfile|containerfile)(?:[._-][\w-]+)*$|\.dockerfile$",
        r"(?:^|/)(?:docker-)?compose[\w.-]*\.ya?ml$",
    ),
}
"""Patterns of each tool whose files are told by their paths alone; the first that fits wins."""

_FURTHER: Final = (
    r"\.(?:hcl|bicep|nomad|pp)$|(?:^|/)(?:skaffold|serverless)\.ya?ml$",
    r"(?:^|/)(?:charts?|helm|helmfile\.d)/(?:.*/)?[^/]+\.(?:ya?ml(?:\.\w+)?|tpl)$",
    r"(?:^|/)(?:k8s|kubernetes|kustomize|manifests|argocd)/(?:.*/)?[^/]+\.ya?ml(?:\.\w+)?$",
    r"^(?:terraform|cloudformation|ansible|puppet|pulumi|packer|infra|infrastructure)/",
    r"(?:^|/)playbooks/|(?:^|/)(?:vagrantfile|procfile|berksfile|fly\.toml|\.dockerignore)$",
)
"""Other tools, and folders that hold infrastructure by habit, of whichever tool."""

INFRASTRUCTURE: Final = (*chain.from_iterable(BY_TOOL.values()), *_FURTHER)
"""All patterns of infrastructure as code, ignoring case."""

NOT_INFRASTRUCTURE: Final = (
    r"(?i)(?:^|/)(?:dockerfile|containerfile)[^/]*"
    r"\.(?:go|py|rb|rs|java|kts?|tsx?|jsx?|cs|c|h|php|md|rst|adoc|txt|html?|json|xml)$"
)
"""Programs and pages about Dockerfiles, which are none."""
_CHART: Final = r"(?i)(?:^|/)chart\.ya?ml$"
_OF_CHART: Final = r"(?i)^(?:templates|crds)/|^values[\w.-]*\.ya?ml$"
_IN_CHART: Final = r"(?i)^(?:templates|crds)/|\.(?:ya?ml|tpl|json)$"


def infrastructure_tool(path: pl.Expr) -> pl.Expr:
    """Return the tool (one of `INFRASTRUCTURE_TOOLS`) that each path tells, null where none."""
    tools = (
        pl.when(path.str.contains(f"(?i){'|'.join(patterns)}")).then(pl.lit(tool))
        for tool, patterns in BY_TOOL.items()
    )
    return pl.when(~path.str.contains(NOT_INFRASTRUCTURE)).then(pl.coalesce(*tools))


def parts_of_charts(paths: Iterable[str]) -> pl.Series:
    """Return whether each path is part of a Helm chart, as its folder holds a `Chart.yaml`.

    All YAML, JSON and templates in the folder belong to the chart, unless it is the repository's
    own folder: then only what Helm itself looks for.
    """
    frame = pl.DataFrame({"path": list(paths)}, schema={"path": pl.String})
    charts = frame.filter(pl.col("path").str.contains(_CHART))["path"]
    folders = frozenset(path.rpartition("/")[0] for path in charts)
    inner = pl.DataFrame(
        [_in_folder(path, folders) for path in frame["path"]],
        schema={"is_root": pl.Boolean(), "rest": pl.String()},
        orient="row",
    )
    pattern = pl.when("is_root").then(pl.lit(_OF_CHART)).otherwise(pl.lit(_IN_CHART))
    return inner.select(pl.col("rest").str.contains(pattern).fill_null(value=False)).to_series()


def _in_folder(path: str, folders: frozenset[str]) -> tuple[bool, str | None]:
    """Return whether the nearest of the folders is the root, and the path below it."""
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        if folder in folders:
            return not folder, path[len(folder) + 1 :] if folder else path
    return False, None
