"""What sort of file a path is: source, test, docs, ci, infrastructure and so on."""

from typing import Final

import polars as pl

from devops_analytics.sources.infrastructure_paths import INFRASTRUCTURE, NOT_INFRASTRUCTURE

_PATTERNS: Final[dict[str, tuple[str, ...]]] = {
    "generated": (
        r"(?:^|/)(?:vendor|node_modules|third[-_]party|bower_components|dist|\.yarn)/",
        r"(?:^|/)(?:__snapshots__|generated|__generated__)/|(?:^|/)zz_generated[^/]*$",
        r"[.-]min\.(?:js|css)$|\.(?:js|css)\.map$|\.snap$",
        r"\.pb\.(?:go|cc|h)$|_pb2(?:_grpc)?\.pyi?$|\.(?:g\.dart|(?:g|designer)\.cs)$",
        r"[._-]generated\.\w+$",
    ),
    "dependency": (
        r"(?:^|/)(?:package|composer|bower|vcpkg)\.json$|(?:^|/)packages\.config$",
        r"(?:^|/)(?:package-lock|npm-shrinkwrap|packages\.lock)\.json$|(?:^|/)pnpm-lock\.yaml$",
        r"\.(?:lock|lockb|lockfile|lock\.hcl)$|(?:^|/)(?:go\.(?:mod|sum|work)|go\.work\.sum)$",
        r"(?:^|/)[\w.-]*(?:requirements|constraints)[\w.-]*\.(?:txt|in)$",
        r"(?:^|/)requirements/[^/]+\.(?:txt|in)$",
        r"(?:^|/)(?:pyproject\.toml|setup\.(?:py|cfg)|pipfile|environment\.ya?ml|cpanfile)$",
        r"(?:^|/)(?:gemfile|[\w.-]+\.gemspec|cargo\.toml|mix\.exs|pubspec\.yaml|rebar\.config)$",
        r"(?:^|/)(?:pom\.xml|build\.gradle(?:\.kts)?|libs\.versions\.toml|ivy\.xml|build\.sbt)$",
        r"(?:^|/)(?:directory\.packages\.props|paket\.dependencies|module\.bazel)$",
        r"(?:^|/)(?:podfile|cartfile|package\.(?:swift|resolved)|conanfile\.(?:py|txt))$",
    ),
    "test": (
        r"^t/|(?:^|/)(?:tests?|specs?|__tests__|__mocks__|testing|testdata|fixtures)/",
        r"(?:^|/)(?:e2e|cypress)/|(?:^|/)(?:test_[^/]*|conftest)\.py$|[^/]_(?:test|spec)\.\w+$",
        r"\.(?:test|spec|e2e|cy|stories)\.[cm]?[jt]sx?$|\.(?:bats|feature)$",
        r"(?-i:[a-z0-9](?:Tests?|TestCase|IT|Spec)\.(?:java|kts?|scala|groovy|cs|swift|php)$)",
        r"(?:^|/)(?:pytest\.ini|tox\.ini|jest\.config\.\w+|phpunit\.xml[\w.]*)$",
    ),
    "ci": (
        r"(?:^|/)\.(?:github/(?:workflows|actions)|gitlab/ci|circleci|buildkite|ci|woodpecker)/",
        r"(?:^|/)(?:\.(?:azure-pipelines|tekton|teamcity|semaphore)|bamboo-specs)/",
        r"(?:^|/)jenkinsfile[^/]*$|\.jenkinsfile$",
        r"(?:^|/)\.(?:gitlab-ci|travis|drone|appveyor|cirrus|woodpecker)[\w.-]*\.ya?ml$",
        r"(?:^|/)(?:azure-pipelines[\w.-]*|bitbucket-pipelines)\.ya?ml$",
        r"(?:^|/)(?:appveyor|cloudbuild|buildspec)\.ya?ml$",
    ),
    "infrastructure": INFRASTRUCTURE,
    "docs": (
        r"\.(?:md|mdx|markdown|rst|adoc|asciidoc|textile|rdoc|tex)$",
        r"(?:^|/)(?:docs?|documentation|changelogs?|man|adr)/",
        r"(?:^|/)(?:readme|changelog|changes|news|licen[cs]e|copying|notice)(?:\.(?:txt|html?))?$",
        r"(?:^|/)(?:authors|contributing|contributors|maintainers)(?:\.txt)?$",
        r"(?:^|/)(?:code_of_conduct|codeowners)(?:\.txt)?$",
    ),
    "config": (
        r"\.(?:ya?ml|toml|ini|cfg|conf|config|properties|env|json[c5]?|xml)(?:\.\w+)?$",
        r"\.(?:csproj|fsproj|vbproj|sln|cmake|mk|gradle|bzl)$|(?:^|/)\.[^/]+$",
        r"(?:^|/)(?:(?:gnu)?makefile|cmakelists\.txt|rakefile|justfile|build\.bazel|manifest\.in)$",
    ),
}
"""Patterns of each kind, ignoring case; the first kind that fits wins."""
_ENVIRONMENT: Final = r"(?i)(?:^|/)(?:environments?|envs?|overlays|image-tags)/test/"
"""Where `test` is no test but the name of an environment."""


def file_kind(path: pl.Expr) -> pl.Expr:
    """Return the kind (one of `FILE_KINDS`) of each path, judged by the path alone.

    A lock file is a dependency, although a tool wrote it; whatever lies in a test folder is a
    test, except the manifest of what it depends on; what no pattern knows is source.
    """
    fits = {
        kind: path.str.contains(f"(?i){'|'.join(patterns)}") for kind, patterns in _PATTERNS.items()
    }
    fits["test"] &= ~path.str.contains(_ENVIRONMENT)
    fits["infrastructure"] &= ~path.str.contains(NOT_INFRASTRUCTURE)
    kinds = pl.coalesce(
        *(pl.when(fit).then(pl.lit(kind)) for kind, fit in fits.items()), pl.lit("source")
    )
    return pl.when(path.is_not_null()).then(kinds)
