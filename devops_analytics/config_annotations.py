"""The `[[annotations]]` of the settings: what happened that a chart should say."""

from datetime import date, datetime
from typing import Self

from pydantic import Field, model_validator

from devops_analytics.config_sources import Section

Moment = date | datetime


class Annotation(Section):
    """Something that happened (a freeze, a reorganisation), shown on every chart over time.

    Entries may also stand in a file `annotations.toml` beside `devops.toml`.
    """

    label: str = Field(min_length=1)
    """What happened, in a few words."""
    at: Moment | None = None
    """The day or time it happened; or `from` and `to`."""
    start: Moment | None = Field(default=None, alias="from")
    """Its first day or time."""
    end: Moment | None = Field(default=None, alias="to")
    """Its last day (which counts), or the time it ended."""
    team: str | None = None
    """Only on the charts of this team, its services and the organisation."""
    service: str | None = None
    """Only on the charts of this service, its team and the organisation."""
    redefines: list[str] = []
    """Ids of metrics that mean something else from then on: they are not compared across it, and
    their process charts begin anew.
    """

    @model_validator(mode="after")
    def _has_a_time(self) -> Self:
        if (self.at is None) == (self.start is None and self.end is None):
            raise ValueError("expected either `at`, or `from` and `to`")
        if self.at is None and (self.start is None or self.end is None):
            raise ValueError("expected `from` and `to` together")
        if (
            self.start is not None
            and self.end is not None
            and day_of(self.end) < day_of(self.start)
        ):
            raise ValueError("expected `to` not before `from`")
        return self


def day_of(moment: Moment) -> date:
    """Return the day of a day or time."""
    return moment.date() if isinstance(moment, datetime) else moment
