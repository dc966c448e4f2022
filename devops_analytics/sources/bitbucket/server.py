"""Pull requests of Bitbucket Data Center (once Server) → changes."""

from collections.abc import Iterator
from typing import Any, Final

from devops_analytics.sources.bitbucket.known import Known
from devops_analytics.sources.bitbucket.server_records import (
    ServerPullRequest,
    repository_changed_there,
)
from devops_analytics.sources.hotfixes import title_kind
from devops_analytics.sources.json_kinds import Reading, Row
from devops_analytics.sources.moments import iso_from_ms
from devops_analytics.sources.people import identity
from devops_analytics.sources.repositories import repository_name

_PROGRAM: Final = "SERVICE"


def change(pull: ServerPullRequest, _reading: Reading, known: Known) -> Iterator[Row]:
    """Yield a change; who reviewed it is there, but not when."""
    user = pull.author.user if pull.author is not None else None
    closed_at = iso_from_ms(pull.closed_date)
    is_merged = (pull.state or "").upper() == "MERGED"
    merge = pull.properties.merge_commit if pull.properties is not None else None
    branch = pull.from_ref.display_id
    row: dict[str, Any] = {
        "repo": repository_name(known.names, repository_changed_there(pull)),
        "change_id": str(pull.id),
        "author": identity(user.name, user.email_address) if user is not None else None,
        "is_bot": True if user is not None and user.type == _PROGRAM else None,
        "opened_at": iso_from_ms(pull.created_date),
        "merged_at": closed_at if is_merged else None,
        "closed_at": closed_at,
        "merge_sha": merge.id if merge is not None and is_merged else None,
        "head_sha": pull.from_ref.latest_commit,
        "base": pull.to_ref.display_id,
        "title_kind": title_kind(pull.title, branch, None, known.hotfixes),
        "updated_at": iso_from_ms(pull.updated_date),
    }
    yield "changes", row
