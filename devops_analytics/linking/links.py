"""What linking finds: deployments in order, and the rows that join tables, each with its method."""

from dataclasses import dataclass, field

import dataframely as dy
import polars as pl


class ProductionDeployments(dy.Schema):
    """Production deployments that reached a result, in time order within each service.

    Rows are sorted by service, finished_at, deployment_id (two deployments in one second keep a
    fixed order). Cancelled, skipped and unfinished attempts are not here.
    """

    deployment_id = dy.String(description="key in `deployments`")
    service = dy.String(description="the service")
    finished_at = dy.Datetime(time_unit="us", time_zone="UTC", description="when it finished")
    succeeded = dy.Bool(description="its result is success")
    version = dy.String(
        nullable=True, description="what identifies the version: sha, else ref, else artifact"
    )
    repo = dy.String(nullable=True, description="repository of `sha`")
    sha = dy.String(nullable=True, description="commit deployed, resolved through refs if needed")
    planned = dy.Bool(nullable=True, description="false: an emergency by the tool's own word")
    method = dy.String(description="how the deployment was known")
    source_ref = dy.String(nullable=True, description="export and record")


class DeployedIn(dy.Schema):
    """Commit → the first successful production deployment of a service that carried it."""

    service = dy.String(description="the service")
    repo = dy.String(description="repository of the commit")
    sha = dy.String(description="the commit")
    deployment_id = dy.String(description="the deployment")
    deployed_at = dy.Datetime(
        time_unit="us", time_zone="UTC", description="when that deployment finished"
    )
    is_baseline = dy.Bool(
        description="carried by the service's first deployment: history, left out of lead time"
    )
    method = dy.String(description="graph, or first deployment after (no graph known)")


class Waiting(dy.Schema):
    """Commit on the trunk that no successful production deployment of a service carries yet."""

    service = dy.String(description="the service")
    repo = dy.String(description="repository of the commit")
    sha = dy.String(description="the commit")


class DeployedChanges(dy.Schema):
    """Merged change (pull or merge request) → the deployment that first carried its merge."""

    service = dy.String(description="the service")
    repo = dy.String(description="repository of the change")
    change_id = dy.String(description="the change")
    first_commit_at = dy.Datetime(
        time_unit="us",
        time_zone="UTC",
        nullable=True,
        description="when the earliest of its commits was committed; null: none is known",
    )
    deployment_id = dy.String(nullable=True, description="the deployment; null: waits for one")
    is_baseline = dy.Bool(description="merged before the service's first deployment")
    method = dy.String(description="graph, or first deployment after (no graph known)")


class BlamedOn(dy.Schema):
    """Incident → the deployment held responsible."""

    incident_id = dy.String(description="the incident")
    deployment_id = dy.String(description="the deployment")
    method = dy.String(description="explicit id, explicit sha, remediation or within window")
    gap_hours = dy.Float64(
        nullable=True, description="hours from the deployment's finish to the incident's start"
    )


class Remedies(dy.Schema):
    """Deployment → the earlier deployment that it put right."""

    deployment_id = dy.String(description="the deployment that repairs")
    remedied_deployment_id = dy.String(description="the deployment that was repaired")
    method = dy.String(description="rollback, revert or hotfix")


class Unlinked(dy.Schema):
    """What could not be linked, with the reason."""

    kind = dy.String(description="deployment, incident, commit or change")
    key = dy.String(description="its key")
    service = dy.String(nullable=True, description="its service")
    at = dy.Datetime(time_unit="us", time_zone="UTC", nullable=True, description="its time")
    reason = dy.String(description="reason code")
    message = dy.String(description="the reason in words")


@dataclass(frozen=True, kw_only=True)
class Links:
    """All links of a workspace, as eager frames of the schemas above."""

    deployments: pl.DataFrame
    deployed_in: pl.DataFrame
    blamed_on: pl.DataFrame
    remedies: pl.DataFrame
    unlinked: pl.DataFrame
    waiting: pl.DataFrame = field(default_factory=Waiting.create_empty)
    deployed_changes: pl.DataFrame = field(default_factory=DeployedChanges.create_empty)
