"""Times of every spelling become UTC, or say why they can't."""

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources.times import judged_times, utc_times

TEN = datetime(2026, 5, 1, 10, tzinfo=UTC)


def read(
    value: object, *, zone: str | None = None, time_format: str | None = None
) -> tuple[datetime | None, str | None]:
    times = judged_times(pl.Series([value]), zone=zone, time_format=time_format)
    return times.values.item(), times.reasons.item()


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01T10:00:00Z",
        "2026-05-01T10:00:00.000000000Z",
        "2026-05-01T10:00Z",
        "2026-05-01t10:00:00z",
        " 2026-05-01 10:00:00 UTC ",
        "2026-05-01 10:00:00 GMT",
        "2026-05-01T12:00:00+02:00",
        "2026-05-01T12:00:00+0200",
        "2026-05-01T12:00:00+02",
        "2026-05-01 12:00:00 +0200",
        "2026-05-01 12:00 +0200",
        "2026-05-01T05:30:00-04:30",
        "1777629600",
        "1777629600.0",
        "1777629600000",
    ],
)
def test_an_offset_or_a_number_says_the_moment(text: str) -> None:
    assert read(text) == (TEN, None)
    # A declared zone is for times without an offset and changes nothing here.
    assert read(text, zone="Asia/Tokyo") == (TEN, None)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("2026-05-01T10:00:00.5Z", 500_000),
        ("2026-05-01T10:00:00,25Z", 250_000),
        ("2026-05-01T10:00:00.1234567Z", 123_456),
        ("1777629600.5", 500_000),
        ("1777629600123", 123_000),
    ],
)
def test_fractions_of_a_second_are_kept(text: str, microseconds: int) -> None:
    assert read(text) == (TEN + timedelta(microseconds=microseconds), None)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30T00:00:00Z",
        "2026-05-01T24:00:00Z",
        "2026-05-01T10:00:00+99:00",
        "2026-05-01T10:00:00Z and more",
        "2026-05-01T",
        "2026-5-1 10:00:00",
        "01/05/2026 10:00",
        "nan",
        "1e9",
        "soon",
    ],
)
def test_what_is_no_time_is_called_so(text: str) -> None:
    assert read(text, zone="UTC") == (None, "not_a_time")


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00Z",
        "1989-12-31T23:59:59Z",
        "2101-01-01T00:00:00Z",
        "0",
        "20260501",
        "99999999999999999999",
        0,
        1e18,
    ],
)
def test_a_year_that_no_export_means_is_out_of_range(value: object) -> None:
    assert read(value) == (None, "time_out_of_range")


@pytest.mark.parametrize("text", ["2026-05-01T10:00:00", "2026-05-01 10:00", "2026-05-01"])
def test_without_offset_and_zone_a_time_is_not_known(text: str) -> None:
    assert read(text) == (None, "time_without_zone")


def test_a_date_is_its_first_moment_in_the_zone() -> None:
    # London is an hour ahead of UTC in May.
    first = datetime(2026, 4, 30, 23, tzinfo=UTC)
    assert read("2026-05-01", zone="Europe/London") == (first, None)
    assert read(date(2026, 5, 1), zone="Europe/London") == (first, None)


def test_clocks_that_go_forward_skip_times_and_back_repeat_them() -> None:
    # London 2026: 01:00-02:00 is skipped on 29 March and occurs twice on 25 October.
    texts = pl.Series(["2026-03-29 01:30:00", "2026-10-25 01:30:00", "2026-10-25 02:30:00"])
    times = judged_times(texts, zone="Europe/London")
    assert times.values.to_list() == [
        None,
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # the earlier one is still summer time
        datetime(2026, 10, 25, 2, 30, tzinfo=UTC),
    ]
    assert times.reasons.to_list() == ["time_does_not_exist", None, None]
    assert times.n_ambiguous == 1


@pytest.mark.parametrize(
    ("value", "zone"),
    [
        (datetime(2026, 5, 1, 12), "Europe/Amsterdam"),  # noqa: DTZ001 - a wall clock
        (datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=2))), None),
        (1_777_629_600, None),
        (1_777_629_600_000.0, None),
    ],
)
def test_typed_values_are_taken_over(value: object, zone: str | None) -> None:
    assert read(value, zone=zone) == (TEN, None)


def test_a_flag_is_no_time() -> None:
    assert read(value=True) == (None, "not_a_time")


@pytest.mark.parametrize(
    ("text", "time_format", "expected"),
    [
        # Amsterdam is two hours ahead in May.
        ("01/05/2026 12:00", "%d/%m/%Y %H:%M", TEN),
        ("01/05/2026 12:00:00.5", "%d/%m/%Y %H:%M:%S.%f", TEN + timedelta(seconds=0.5)),
        ("May 1, 2026 12:00 PM", "%b %d, %Y %I:%M %p", TEN),
        ("01/05/2026", "%d/%m/%Y", datetime(2026, 4, 30, 22, tzinfo=UTC)),
        # An offset, or letters that mean UTC, are stronger than the zone.
        ("01/05/2026 06:00 -0400", "%d/%m/%Y %H:%M %z", TEN),
        ("2026/05/01 10:00:00Z", "%Y/%m/%d %H:%M:%SZ", TEN),
        ("01/05/2026 10:00 UTC", "%d/%m/%Y %H:%M UTC", TEN),
        # What is ISO 8601 all the same can't be mistaken.
        ("2026-05-01T10:00:00Z", "%d/%m/%Y %H:%M", TEN),
    ],
)
def test_a_declared_format_is_followed(text: str, time_format: str, expected: datetime) -> None:
    assert read(text, zone="Europe/Amsterdam", time_format=time_format) == (expected, None)


def test_a_format_with_the_day_first_is_never_read_as_iso() -> None:
    # The 1st of May by the format; by ISO 8601 it would be the 5th of January.
    assert read("2026-01-05", zone="UTC", time_format="%Y-%d-%m")[0] == datetime(
        2026, 5, 1, tzinfo=UTC
    )
    assert read("2026-01-15", zone="UTC", time_format="%Y-%d-%m") == (None, "not_a_time")


@pytest.mark.parametrize("time_format", ["%d/%m/%Y %H:%M %Z", "%d/%m/%Y %f"])
def test_a_format_that_would_be_misread_is_refused(time_format: str) -> None:
    with pytest.raises(ExportError, match=r"time_format: found .*Write an offset as %z"):
        read("01/05/2026 10:00 CET", zone="UTC", time_format=time_format)


def test_nothing_gives_nothing() -> None:
    times, reasons = utc_times(pl.Series([None, None], dtype=pl.String), zone=None)
    assert times.to_list() == reasons.to_list() == [None, None]
    assert utc_times(pl.Series([], dtype=pl.String), zone="UTC")[0].is_empty()


MOMENTS = st.datetimes(
    min_value=datetime(1990, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 12, 30),  # noqa: DTZ001
    timezones=st.timezones(),
)


@given(st.lists(MOMENTS, min_size=1, max_size=8), st.sampled_from(["T", " "]))
def test_what_python_writes_is_read_as_python_means_it(moments: list[datetime], blank: str) -> None:
    offsets = [moment.utcoffset() for moment in moments]
    moments = [
        moment
        for moment, offset in zip(moments, offsets, strict=True)
        # Before standard time, zones were off by seconds, which ISO 8601 has no sign for.
        if offset is not None and offset.total_seconds() % 60 == 0
    ]
    texts = pl.Series([moment.isoformat(sep=blank) for moment in moments], dtype=pl.String)
    assert utc_times(texts, zone=None)[0].to_list() == [m.astimezone(UTC) for m in moments]


@given(
    st.lists(
        st.one_of(
            st.datetimes(datetime(1985, 1, 1), datetime(2105, 1, 1)).map(  # noqa: DTZ001
                lambda at: at.isoformat() + "Z"
            ),
            st.sampled_from(
                ["2026-03-01T9:30:00Z", "+2026-03-01T09:30:00Z", "2026-02-30T00:00:00Z"]
            ),
            st.none(),
        ),
        max_size=6,
    )
)
def test_a_time_means_the_same_whatever_stands_beside_it(texts: list[str | None]) -> None:
    together, reasons = utc_times(pl.Series(texts, dtype=pl.String), zone=None)
    for text, at, reason in zip(texts, together, reasons, strict=True):
        # The second value keeps the column from being of one shape.
        alone, why = utc_times(pl.Series([text, "2026-03-01 09:30+01:00"]), zone=None)
        assert (alone[0], why[0]) == (at, reason)
