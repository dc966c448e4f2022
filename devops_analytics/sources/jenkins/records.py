"""Records of Jenkins as its JSON API writes them: only what is needed, and nobody's name."""

from typing import Any

import msgspec

Unset = msgspec.UnsetType
UNSET = msgspec.UNSET


class Cause(msgspec.Struct):
    """What started a build, or stopped it; not who."""

    kind: str | None = msgspec.field(default=None, name="_class")


class Parameter(msgspec.Struct):
    """A parameter of a build."""

    name: str | None = None
    value: Any = None


class Branch(msgspec.Struct):
    """A branch that was checked out."""

    name: str | None = None


class Revision(msgspec.Struct):
    """What was checked out."""

    sha: str | None = msgspec.field(default=None, name="SHA1")
    branch: list[Branch] | None = None


class Action(msgspec.Struct, rename="camel"):
    """Something that a plugin says of a build."""

    kind: str | None = msgspec.field(default=None, name="_class")
    causes: list[Cause] | None = None
    parameters: list[Parameter] | None = None
    last_built_revision: Revision | None = None
    remote_urls: list[str] | None = None
    queuing_duration_millis: float | None = None
    """How long the build waited in the queue, as the Metrics plugin says."""
    waiting_duration_millis: float | None = None
    blocked_duration_millis: float | None = None
    buildable_duration_millis: float | None = None


class Timed(msgspec.Struct, rename="camel", kw_only=True):
    """A build, a part of a matrix, or a build that another one started."""

    number: int | None = None
    url: str | None = None
    timestamp: float | None = None
    """When it began, in milliseconds since 1970."""
    duration: Any = None
    """Milliseconds; of a build that another one started a text that is not read."""
    result: str | Unset | None = UNSET
    building: bool | None = None


class SubBuild(Timed, rename="camel", kw_only=True):
    """A build that a multijob started."""

    job_name: str | None = None
    build_number: int | None = None
    build: "Build | None" = None
    """What it started itself."""


class Build(Timed, rename="camel", kw_only=True):
    """A build."""

    full_display_name: str | None = None
    display_name: str | None = None
    actions: list[Action | None] | None = None
    runs: list[Timed] | None = None
    sub_builds: list[SubBuild] | None = None


class Job(msgspec.Struct, rename="camel", kw_only=True):
    """A job or folder, with those builds and jobs in it that were asked for."""

    full_name: str | None = None
    name: str | None = None
    url: str | None = None
    builds: list[msgspec.Raw] | None = None
    all_builds: list[msgspec.Raw] | None = None
    jobs: "list[Job] | None" = None


class Link(msgspec.Struct):
    """An address."""

    href: str | None = None


class Links(msgspec.Struct):
    """The address of a record itself."""

    self: Link | None = None


class Stage(msgspec.Struct, rename="camel", kw_only=True):
    """A stage of a pipeline's run."""

    links: Links | None = msgspec.field(default=None, name="_links")
    id: str | None = None
    name: str | None = None
    status: str | None = None
    start_time_millis: float | None = None
    duration_millis: float | None = None


class Described(msgspec.Struct, rename="camel", kw_only=True):
    """A run with its stages."""

    links: Links | None = msgspec.field(default=None, name="_links")
    stages: list[Stage] | None = None


class Case(msgspec.Struct, rename="camel", kw_only=True):
    """A test case; what it printed is not read."""

    name: str | None = None
    class_name: str | None = None
    status: str | None = None
    duration: float | None = None


class Suite(msgspec.Struct, rename="camel", kw_only=True):
    """A test suite; the blocks are stages and branches of the pipeline, innermost first."""

    name: str | None = None
    timestamp: str | None = None
    cases: list[Case] | None = None
    enclosing_block_names: list[str] | None = None


class Suites(msgspec.Struct):
    """The results of one build."""

    suites: list[Suite] | None = None


class Tested(msgspec.Struct):
    """The build that results are of."""

    url: str | None = None


class ChildReport(msgspec.Struct):
    """The results of a part of a matrix or of a module."""

    child: Tested | None = None
    result: Suites | None = None


class Report(msgspec.Struct, rename="camel", kw_only=True):
    """A test report."""

    suites: list[Suite] | None = None
    child_reports: list[ChildReport] | None = None
