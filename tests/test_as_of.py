"""What was known at a moment."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from devops_analytics.as_of import as_known_at, last_event_at, parse_moment
from devops_analytics.errors import PeriodError
from devops_analytics.frames import canonical
from devops_analytics.schema import TABLES, empty

JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def at(day: int, month: int = 5) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


def tables(**frames: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    every = {name: empty(name).lazy() for name in TABLES}
    every.update({name: canonical(name, frame) for name, frame in frames.items()})
    return every


def deployments() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "deployment_id": ["done", "under way", "later"],
            "service": ["pay"] * 3,
            "started_at": [at(1), at(31), at(2, 6)],
            "finished_at": [at(2), at(1, 7), at(3, 6)],
            "result": ["success"] * 3,
        }
    )


def test_what_began_later_is_not_there_and_what_ended_later_is_in_progress() -> None:
    known = as_known_at(tables(deployments=deployments()), JUNE)["deployments"].collect()
    assert known.select("deployment_id", "result", "finished_at").rows() == [
        ("done", "success", at(2)),
        ("under way", "in_progress", None),
    ]


def test_an_incident_resolved_later_is_open() -> None:
    incidents = pl.DataFrame(
        {
            "incident_id": ["a", "b"],
            "started_at": [at(20), None],
            "created_at": [at(20), at(21)],
            "resolved_at": [at(5, 6), at(22)],
        }
    )
    known = as_known_at(tables(incidents=incidents), JUNE)["incidents"].collect()
    assert known["resolved_at"].to_list() == [None, at(22)]


def test_an_event_at_the_very_moment_is_known() -> None:
    commits = pl.DataFrame(
        {"repo": ["r"], "sha": ["a"], "committed_at": [JUNE], "updated_at": [at(9, 9)]}
    )
    known = as_known_at(tables(commits=commits), JUNE)["commits"].collect()
    assert known["committed_at"].to_list() == [JUNE]
    assert known["updated_at"].to_list() == [at(9, 9)]


def test_the_end_of_the_data_is_the_last_event_of_any_table() -> None:
    assert last_event_at(tables(deployments=deployments())) == at(1, 7)
    assert last_event_at(tables()) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Amsterdam is two hours ahead of UTC in July, one in January.
        ("2026-07-01", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026-01-01", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("2026-07-01T06:00Z", datetime(2026, 7, 1, 6, tzinfo=UTC)),
        ("2026-07-01T06:00+05:30", datetime(2026, 7, 1, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_day_is_its_first_moment_in_the_reporting_zone(text: str, expected: datetime) -> None:
    assert parse_moment(text, ZoneInfo("Europe/Amsterdam")) == expected


def test_a_moment_that_is_none_says_what_is_expected() -> None:
    with pytest.raises(PeriodError, match="found 'yesterday'; expected a day or a time"):
        parse_moment("yesterday", ZoneInfo("UTC"))
