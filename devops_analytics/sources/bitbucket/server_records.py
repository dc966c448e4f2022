"""Pull requests of Bitbucket Data Center: only what is needed."""

import msgspec


class Project(msgspec.Struct):
    """The project that a repository is in."""

    key: str | None = None


class ServerRepository(msgspec.Struct):
    """A repository of a project."""

    slug: str
    project: Project | None = None


class ServerRef(msgspec.Struct, rename="camel", kw_only=True):
    """A branch with its last commit."""

    display_id: str | None = None
    latest_commit: str | None = None
    repository: ServerRepository


class User(msgspec.Struct, rename="camel", kw_only=True):
    """Who did something: what tells people from programs, and what to pseudonymise."""

    name: str | None = None
    email_address: str | None = None
    type: str | None = None


class Author(msgspec.Struct):
    """The author of a pull request."""

    user: User | None = None


class MergeCommit(msgspec.Struct):
    """The commit that a merge made."""

    id: str | None = None


class Properties(msgspec.Struct, rename="camel", kw_only=True):
    """What Data Center adds to a pull request."""

    merge_commit: MergeCommit | None = None


class ServerPullRequest(msgspec.Struct, rename="camel", kw_only=True):
    """A pull request; times in milliseconds since 1970."""

    id: int
    from_ref: ServerRef
    to_ref: ServerRef
    title: str | None = None
    state: str | None = None
    author: Author | None = None
    created_date: float | None = None
    updated_date: float | None = None
    closed_date: float | None = None
    properties: Properties | None = None


def repository_changed_there(pull: ServerPullRequest) -> str:
    """Return the repository that a pull request goes to, as `PROJECT/name`."""
    repository = pull.to_ref.repository
    project = repository.project.key if repository.project is not None else None
    return f"{project}/{repository.slug}" if project else repository.slug
