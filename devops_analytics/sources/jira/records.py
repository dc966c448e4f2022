"""What is read of Jira's issues; no field that names a person."""

import msgspec


class Named(msgspec.Struct):
    """A type, priority, resolution or component."""

    name: str | None = None


class Category(msgspec.Struct):
    """What all statuses are one of: `new`, `indeterminate`, `done`."""

    key: str | None = None


class Status(msgspec.Struct, rename="camel"):
    """The status that an issue is in."""

    id: str | None = None
    name: str | None = None
    status_category: Category | None = None


class Item(msgspec.Struct, rename="camel"):
    """A field's change; only of its status it is kept to what."""

    field: str | None = None
    to: str | None = None
    to_string: str | None = None

    def __post_init__(self) -> None:
        """Forget what other fields became: it may be a person or what one wrote."""
        if self.field != "status":
            self.to = self.to_string = None


class History(msgspec.Struct):
    """Changes made at one time."""

    created: str | None = None
    items: list[Item] = []


class Changelog(msgspec.Struct):
    """All changes of an issue, or as many as the answer shows."""

    histories: list[History] = []
    total: int | None = None


class Fields(msgspec.Struct, kw_only=True):
    """The fields of an issue."""

    created: str | None = None
    updated: str | None = None
    resolutiondate: str | None = None
    statuscategorychangedate: str | None = None
    issuetype: Named | None = None
    status: Status | None = None
    priority: Named | None = None
    resolution: Named | None = None
    components: list[Named] | None = None


class Issue(msgspec.Struct, kw_only=True):
    """An issue as the search answers with it."""

    key: str
    fields: Fields
    changelog: Changelog | None = None


class Line(msgspec.Struct, kw_only=True):
    """An issue as a line of the CSV export."""

    key: str
    issue_type: str | None = None
    status: str | None = None
    category: str | None = None
    category_changed: str | None = None
    priority: str | None = None
    resolution: str | None = None
    created: str | None = None
    updated: str | None = None
    resolved: str | None = None
    components: list[str] = []


class Loose(msgspec.Struct):
    """A history that does not say whose it is."""

    created: str | None = None
