"""Moments that a source has to compare or add itself, before its rows are judged."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from devops_analytics.sources.times import utc_times

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moments(texts: Iterable[str | None], *, zone: str | None = None) -> dict[str, datetime]:
    """Return each text that is a time with its moment in UTC; what is none is left out.

    A time without an offset is one in `zone`, and none where that is not given.
    """
    written = list({text for text in texts if text})
    if not written:
        return {}
    times, _ = utc_times(pl.Series(written, dtype=pl.String), zone=zone)
    return {text: at for text, at in zip(written, times.to_list(), strict=True) if at is not None}


def moment(text: str | None) -> datetime | None:
    """Return the moment in UTC that an ISO 8601 text with an offset means; None where it is none.

    It is for the few times of one record; `moments` is quicker for many.
    """
    try:
        found = datetime.fromisoformat((text or "").strip())
        # Near the ends of the calendar there is no such moment in UTC.
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def iso_from_ms(milliseconds: float | None) -> str | None:
    """Return milliseconds since 1970 as an ISO 8601 text in UTC; None where there are none.

    A number that lies out of the calendar is returned as it is, so that it is refused as no time.
    """
    if milliseconds is None:
        return None
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat()
    except (OverflowError, ValueError):
        return str(milliseconds)


def iso_from_seconds(seconds: float | None) -> str | None:
    """Return seconds since 1970 as `iso_from_ms` does."""
    return None if seconds is None else iso_from_ms(seconds * 1000)
