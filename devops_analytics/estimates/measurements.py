"""The tidy table of measurements: everything to the right of the estimates reads only this."""

from typing import Final

import dataframely as dy
import polars as pl

STATUSES: Final = ("ok", "insufficient", "none", "unknown", "not_applicable", "suppressed")
"""What a measurement came to; only `ok` has a value.

`insufficient`: too few observations for its kind; `none`: the feed is alive, nothing happened;
`unknown`: no feed, or it was dead in the period; `not_applicable`: declared so; `suppressed`: too
few people to show.
"""


class Measurements(dy.Schema):
    """One row per metric, entity and period."""

    metric = dy.String(primary_key=True, description="id of the metric")
    by = dy.String(
        primary_key=True,
        check={"allowed": lambda column: column.is_in(("organisation", "team", "service"))},
        description="kind of entity: organisation, team or service",
    )
    entity = dy.String(primary_key=True, description="name of the organisation, team or service")
    period = dy.String(primary_key=True, description="label of the period")
    period_start = dy.Datetime(
        time_unit="us", time_zone="UTC", description="first moment of the period"
    )
    period_end = dy.Datetime(
        time_unit="us", time_zone="UTC", description="first moment after the period"
    )
    value = dy.Float64(nullable=True, description="the headline number; null unless status is ok")
    low = dy.Float64(nullable=True, description="lower limit of the interval; null: none")
    high = dy.Float64(nullable=True, description="upper limit of the interval; null: none")
    n = dy.Int64(nullable=True, description="observations; null: unknown")
    numerator = dy.Float64(
        nullable=True,
        description=(
            "durations and levels: those that ended; shares: hits; rates: events; ratios: the sum "
            "that counts; stocks and spreads: the value; scores: their sum"
        ),
    )
    denominator = dy.Float64(
        nullable=True,
        description=(
            "durations, levels, shares and scores: observations; rates: days (or service-weeks) "
            "of live feed; ratios: the whole sum; spreads: people; stocks: null"
        ),
    )
    unit = dy.String(description="unit of value, low and high")
    status = dy.String(
        check={"allowed": lambda column: column.is_in(STATUSES)},
        description="ok, insufficient, none, unknown, not_applicable or suppressed",
    )
    method = dy.String(nullable=True, description="how it was estimated; null: not estimated")
    note = dy.String(nullable=True, description="what to know beside the number; null: nothing")

    @dy.rule()
    def only_ok_has_a_value(cls) -> pl.Expr:  # noqa: N805 - dataframely gives the class
        """Hold a value exactly where the status is ok."""
        return (pl.col("status") == "ok") == pl.col("value").is_not_null()

    @dy.rule()
    def limits_enclose_the_value(cls) -> pl.Expr:  # noqa: N805 - dataframely gives the class
        """Keep low, value and high in this order where they are given."""
        return (pl.col("low") <= pl.col("value")).fill_null(value=True) & (
            pl.col("value") <= pl.col("high")
        ).fill_null(value=True)
