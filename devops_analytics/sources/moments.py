"""Moments that a source has to compare or add itself, before its rows are judged."""

from collections.abc import Iterable
from datetime import datetime

import polars as pl

from devops_analytics.sources.times import utc_times


def moments(texts: Iterable[str | None], *, zone: str | None = None) -> dict[str, datetime]:
    """Return each text that is a time with its moment in UTC; what is none is left out.

    A time without an offset is one in `zone`, and none where that is not given.
    """
    written = list({text for text in texts if text})
    times, _ = utc_times(pl.Series(written, dtype=pl.String), zone=zone)
    return {text: at for text, at in zip(written, times.to_list(), strict=True) if at is not None}
