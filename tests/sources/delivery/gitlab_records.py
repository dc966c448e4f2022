"""Records as GitLab's REST API and webhooks write them, to be changed where a test needs it."""

from datetime import UTC, datetime
from typing import Any

SHA = "a91957a858320c0e17f3a0eca7cfacbff50ea29a"
HOST = "https://gitlab.example.com/harbour/shop"
ADA = {
    "id": 51,
    "name": "Ada Harbour",
    "username": "ada.h",
    "state": "active",
    "avatar_url": "https://example.com/ada.png",
    "web_url": "https://gitlab.example.com/ada.h",
}
BOB = {"id": 52, "name": "Bob Quay", "username": "bob.q", "email": "bob.q@example.invalid"}


def at(hour: int, minute: int = 0, second: float = 0) -> datetime:
    return datetime(2026, 3, 2, hour, minute, int(second), int(second % 1 * 1e6), tzinfo=UTC)


def time(hour: int, minute: int = 0) -> str:
    return f"2026-03-02T{hour:02}:{minute:02}:00.000Z"


def project(**fields: Any) -> dict[str, Any]:
    return {
        "id": 15,
        "name": "Shop",
        "path": "shop",
        "path_with_namespace": "harbour/shop",
        "namespace": {"full_path": "harbour"},
        "owner": ADA,
        **fields,
    }


def pipeline(number: int = 47, **fields: Any) -> dict[str, Any]:
    """Make a pipeline as GET projects/ID/pipelines lists it."""
    return {
        "id": number,
        "iid": 12,
        "project_id": 15,
        "sha": SHA,
        "ref": "main",
        "status": "success",
        "source": "push",
        "created_at": time(9),
        "updated_at": time(9, 30),
        "web_url": f"{HOST}/-/pipelines/{number}",
        "name": "Pipeline of Ada Harbour",
        **fields,
    }


def detailed(number: int = 47, **fields: Any) -> dict[str, Any]:
    """Make a pipeline as GET projects/ID/pipelines/ID tells it."""
    return pipeline(
        number,
        **{
            "yaml_errors": None,
            "user": ADA,
            "started_at": time(9, 1),
            "finished_at": time(9, 20),
            "duration": 1100,
            "queued_duration": 60,
            "detailed_status": {"text": "passed"},
            **fields,
        },
    )


def job(number: int = 7, **fields: Any) -> dict[str, Any]:
    """Make a job as GET projects/ID/pipelines/ID/jobs lists it."""
    return {
        "id": number,
        "name": "rspec",
        "stage": "test",
        "status": "success",
        "ref": "main",
        "tag": False,
        "allow_failure": False,
        "created_at": time(9),
        "started_at": time(9, 2),
        "finished_at": time(9, 12),
        "duration": 600.0,
        "queued_duration": 30.5,
        "tag_list": ["docker", "linux"],
        "runner": {"id": 1, "description": "ada's laptop", "runner_type": "group_type"},
        "commit": {"id": SHA, "author_name": "Ada Harbour", "author_email": "ada@example.invalid"},
        "pipeline": {"id": 47, "project_id": 15, "sha": SHA, "ref": "main", "status": "success"},
        "user": ADA,
        "web_url": f"{HOST}/-/jobs/{number}",
        **fields,
    }


def deployment(number: int = 41, **fields: Any) -> dict[str, Any]:
    """Make a deployment as GET projects/ID/deployments lists it."""
    return {
        "id": number,
        "iid": number - 40,
        "ref": "main",
        "sha": SHA,
        "created_at": time(9),
        "updated_at": time(10, 6),
        "status": "success",
        "user": ADA,
        "environment": {"id": 9, "name": "production", "external_url": "https://example.com"},
        "deployable": job(657, name="deploy", started_at=time(10), finished_at=time(10, 5)),
        **fields,
    }


def environment(number: int = 9, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": "production",
        "slug": "production",
        "external_url": "https://example.com",
        "state": "available",
        "tier": "production",
        **fields,
    }


def request(number: int = 3, **fields: Any) -> dict[str, Any]:
    """Make a merge request as GET projects/ID/merge_requests lists it."""
    return {
        "id": 900 + number,
        "iid": number,
        "project_id": 15,
        "title": "A change",
        "description": "by Ada",
        "state": "merged",
        "created_at": time(8),
        "updated_at": time(12),
        "merged_at": time(11),
        "closed_at": None,
        "merge_user": BOB,
        "author": ADA,
        "reviewers": [BOB],
        "target_branch": "main",
        "source_branch": "a-change",
        "draft": False,
        "labels": ["backend"],
        "sha": "1" * 40,
        "merge_commit_sha": "2" * 40,
        "squash_commit_sha": None,
        "detailed_merge_status": "mergeable",
        "references": {"short": f"!{number}", "full": f"harbour/shop!{number}"},
        "web_url": f"{HOST}/-/merge_requests/{number}",
        **fields,
    }


def note(number: int = 1, of: int = 3, **fields: Any) -> dict[str, Any]:
    """Make a note as GET projects/ID/merge_requests/NUMBER/notes lists it."""
    return {
        "id": number,
        "type": None,
        "body": "Ada, please have a look",
        "author": BOB,
        "created_at": time(9),
        "updated_at": time(9),
        "system": False,
        "noteable_id": 900 + of,
        "noteable_type": "MergeRequest",
        "noteable_iid": of,
        "project_id": 15,
        **fields,
    }


def issue(number: int = 5, **fields: Any) -> dict[str, Any]:
    return {
        "id": 800 + number,
        "iid": number,
        "project_id": 15,
        "title": "Ada's shop is down",
        "description": None,
        "state": "closed",
        "created_at": time(9),
        "updated_at": time(11),
        "closed_at": time(10),
        "closed_by": BOB,
        "author": ADA,
        "labels": [],
        "issue_type": "incident",
        "severity": "HIGH",
        "moved_to_id": None,
        "web_url": f"{HOST}/-/issues/{number}",
        "references": {"full": f"harbour/shop#{number}"},
        **fields,
    }


def commit(sha: str = SHA, **fields: Any) -> dict[str, Any]:
    return {
        "id": sha,
        "short_id": sha[:8],
        "created_at": "2026-03-02T09:00:00.000+01:00",
        "parent_ids": [],
        "title": "A commit",
        "message": "A commit\n\nby Ada",
        "author_name": "Ada Harbour",
        "author_email": "ada@example.invalid",
        "authored_date": "2026-03-02T08:00:00.000+01:00",
        "committer_name": "Bob Quay",
        "committer_email": "bob.q@example.invalid",
        "committed_date": "2026-03-02T09:00:00.000+01:00",
        "web_url": f"{HOST}/-/commit/{sha}",
        **fields,
    }


# ---- Webhook events ---- #

IN_EVENT = {
    "id": 15,
    "name": "Shop",
    "web_url": HOST,
    "namespace": "Harbour",
    "path_with_namespace": "harbour/shop",
}


def pipeline_event(**fields: Any) -> dict[str, Any]:
    return {
        "object_kind": "pipeline",
        "object_attributes": {
            "id": 47,
            "ref": "main",
            "sha": SHA,
            "source": "push",
            "status": "success",
            "created_at": "2026-03-02 09:00:00 UTC",
            "finished_at": "2026-03-02 09:20:00 UTC",
            **fields,
        },
        "user": BOB,
        "project": IN_EVENT,
        "commit": {"id": SHA, "author": {"name": "Ada Harbour", "email": "ada@example.invalid"}},
        "builds": [
            {
                "id": 7,
                "stage": "test",
                "name": "rspec",
                "status": "success",
                "created_at": "2026-03-02 09:00:00 UTC",
                "started_at": "2026-03-02 09:02:00 UTC",
                "finished_at": "2026-03-02 09:12:00 UTC",
                "queued_duration": 30.0,
                "user": ADA,
                "runner": {"description": "ada's laptop", "tags": ["docker"]},
            },
        ],
    }


def job_event(**fields: Any) -> dict[str, Any]:
    return {
        "object_kind": "build",
        "ref": "main",
        "sha": SHA,
        "build_id": 7,
        "build_name": "rspec",
        "build_stage": "test",
        "build_status": "failed",
        "build_created_at": "2026-03-02 09:00:00 UTC",
        "build_started_at": "2026-03-02 09:02:00 UTC",
        "build_finished_at": "2026-03-02 09:12:00 UTC",
        "build_failure_reason": "job_execution_timeout",
        "pipeline_id": 47,
        "project_id": 15,
        "user": BOB,
        "commit": {"id": 47, "sha": SHA, "author_name": "Ada Harbour"},
        "project": IN_EVENT,
        "runner": {"runner_type": "instance_type", "tags": []},
        **fields,
    }


def deployment_event(**fields: Any) -> dict[str, Any]:
    return {
        "object_kind": "deployment",
        "status": "success",
        "status_changed_at": "2026-03-02 11:05:00 +0100",
        "deployment_id": 41,
        "deployable_id": 657,
        "environment": "eu-1",
        "environment_tier": "production",
        "project": IN_EVENT,
        "short_sha": SHA[:8],
        "user": ADA,
        "commit_url": f"{HOST}/-/commit/{SHA}",
        "commit_title": "Ada's change",
        **fields,
    }


def request_event(*, changes: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "object_kind": "merge_request",
        "user": fields.pop("user", ADA),
        "project": IN_EVENT,
        "object_attributes": {
            "id": 903,
            "iid": 3,
            "author_id": 51,
            "title": "A change",
            "state": "opened",
            "action": "open",
            "draft": False,
            "source_branch": "a-change",
            "target_branch": "main",
            "created_at": "2026-03-02 08:00:00 UTC",
            "updated_at": "2026-03-02 08:00:00 UTC",
            "last_commit": {"id": "1" * 40, "author": {"name": "Ada Harbour"}},
            "labels": [{"id": 1, "title": "backend"}],
            **fields,
        },
        "changes": changes or {},
        "reviewers": [BOB],
    }
