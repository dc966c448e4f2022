"""Applications of Argo CD as it writes them: what is needed, with each source's own version."""

from typing import Any, Final

import msgspec

from devops_analytics.sources.scanners import repository_of_url

_OCI: Final = "oci://"


class Struct(msgspec.Struct, rename="camel", kw_only=True):
    """A part of an application; keys that are not declared are not read."""


class Parameter(Struct):
    """A value that overrides one of a Helm chart."""

    name: str | None = None
    value: str | None = None


class Helm(Struct):
    """How a chart is rendered."""

    release_name: str | None = None
    value_files: Any = None
    values: Any = None
    values_object: Any = None
    file_parameters: Any = None
    parameters: list[Parameter] | None = None


class Kustomize(Struct):
    """How an overlay is rendered."""

    name_prefix: str | None = None
    name_suffix: str | None = None
    patches: Any = None
    components: Any = None
    replicas: Any = None
    images: list[str] | None = None


class Origin(Struct):
    """A source: where manifests come from."""

    repo_url: str | None = msgspec.field(default=None, name="repoURL")
    path: str | None = None
    target_revision: str | None = None
    chart: str | None = None
    helm: Helm | None = None
    kustomize: Kustomize | None = None
    directory: Any = None
    plugin: Any = None

    @property
    def is_git(self) -> bool:
        """Say whether its versions are commits."""
        return not self.chart and not (self.repo_url or "").startswith(_OCI)

    @property
    def repository(self) -> str | None:
        """The name of the repository."""
        return repository_of_url(self.repo_url)

    def images(self) -> list[str]:
        """Return the images that it sets, as `name:tag`."""
        told = self.kustomize.images if self.kustomize else None
        found = [image.rpartition("=")[2] for image in told or ()]
        given = {one.name: one.value for one in (self.helm.parameters if self.helm else None) or ()}
        name, tag = given.get("image.name") or given.get("image.repository"), given.get("image.tag")
        return found + ([":".join(text for text in (name, tag) if text)] if tag else [])

    def package(self, revision: str | None) -> str | None:
        """Return the chart or OCI artifact that it is, with its version; None: it is neither."""
        if self.is_git or not revision:
            return None
        name = self.chart or (self.repo_url or "").removeprefix(_OCI)
        return f"{name}@{revision}" if ":" in revision else f"{name}:{revision}"


class Versions(Struct):
    """Sources with the revision of each: one, or several side by side."""

    revision: str | None = None
    revisions: list[str] | None = None
    source: Origin | None = None
    sources: list[Origin] | None = None

    def pairs(self) -> list[tuple[Origin, str | None]]:
        """Return each source with its revision; none where the record names no source."""
        if self.sources:
            told: list[str | None] = [*(self.revisions or ())]
            told += [None] * (len(self.sources) - len(told))
            return list(zip(self.sources, told, strict=False))
        if self.source is not None and self.source.repo_url:
            return [(self.source, self.revision)]
        return []


class Initiator(Struct):
    """Who started a sync, if anybody; the name is not kept."""

    automated: bool = False
    username: str | None = None


class Synced(Versions):
    """An entry of the history: a sync that succeeded."""

    id: int | None = None
    deployed_at: str | None = None
    deploy_started_at: str | None = None
    initiated_by: Initiator | None = None


class Sync(Versions):
    """What was asked of a sync."""

    dry_run: bool = False
    resources: list[Any] | None = None


class Operation(Struct):
    """What was asked for."""

    sync: Sync | None = None
    initiated_by: Initiator | None = None


class OperationState(Struct):
    """How the last sync goes, or went; its message is only looked at for why it ended."""

    operation: Operation | None = None
    phase: str | None = None
    message: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    retry_count: int | None = None
    sync_result: Versions | None = None


class Status(Struct):
    """What Argo CD knows of an application."""

    history: list[Synced] | None = None
    operation_state: OperationState | None = None


class Destination(Struct):
    """Where an application runs."""

    server: str | None = None
    name: str | None = None
    namespace: str | None = None


class Spec(Struct):
    """What was declared of an application."""

    project: str | None = None
    source: Origin | None = None
    sources: list[Origin] | None = None
    destination: Destination | None = None


class Metadata(Struct):
    """What Kubernetes knows of an application."""

    name: str
    namespace: str | None = None
    uid: str | None = None
    labels: dict[str, Any] | None = None


class Application(Struct):
    """An application."""

    metadata: Metadata
    spec: Spec
    status: Status | None = None


class Other(msgspec.Struct):
    """A project, or a set of applications: nothing is computed from it."""
