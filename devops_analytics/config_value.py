"""The `[value]` section: what an hour, a day or a failure is worth, which only the user can say."""

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from devops_analytics.config_sources import Section


class Amount(Section):
    """An amount as a number, or as low, mid and high where it is not known exactly."""

    low: float = Field(ge=0)
    """The least that it may be."""
    mid: float = Field(ge=0)
    """What it is thought to be."""
    high: float = Field(ge=0)
    """The most that it may be."""

    @model_validator(mode="after")
    def _is_in_order(self) -> "Amount":
        if not self.low <= self.mid <= self.high:
            raise ValueError("low, mid and high must be in this order")
        return self


def _spread(value: object) -> object:
    """Return a single number as an amount that is known exactly."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"low": value, "mid": value, "high": value} if is_number else value


UnitValue = Annotated[Amount, BeforeValidator(_spread)]


class Value(Section):
    """What the business outcomes are valued with; what is not given leaves them not estimated."""

    currency: str = "money"
    """What amounts of money are in, such as EUR."""
    hour_of_failure: UnitValue | None = None
    """Money that an hour costs in which a failed deployment is not put right."""
    day_of_delay: UnitValue | None = None
    """Money that it costs when a change reaches its users a day later."""
    hours_of_rework: UnitValue | None = None
    """Hours of work that an unplanned deployment takes, with what led to it."""
    hours_of_manual_deployment: UnitValue | None = None
    """Hours of work that a deployment takes which no pipeline makes."""
    people_on_incident: UnitValue | None = None
    """People who work on an incident until it is resolved."""
