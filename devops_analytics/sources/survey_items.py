"""Survey items that are known by their wording, and the labels that answers are coded by.

The items are DORA's (CC BY 4.0): the generative-culture statements of its capability page, and the
questions on software delivery of its core survey. Both are recognised by a part of their wording,
as every survey words the beginning its own way.
"""

from dataclasses import dataclass, field
from typing import Final

AGREEMENT: Final[dict[str, dict[str, float]]] = {
    "1-7": {
        "strongly disagree": 1,
        "disagree": 2,
        "somewhat disagree": 3,
        "slightly disagree": 3,
        "neither agree nor disagree": 4,
        "neither agree or disagree": 4,
        "neutral": 4,
        "somewhat agree": 5,
        "slightly agree": 5,
        "agree": 6,
        "strongly agree": 7,
    },
    "1-5": {
        "strongly disagree": 1,
        "disagree": 2,
        "neither agree nor disagree": 3,
        "neither agree or disagree": 3,
        "neutral": 3,
        "agree": 4,
        "strongly agree": 5,
    },
}
"""Labels of agreement for the scales that are common."""

_SPAN: Final[dict[str, float]] = {
    "more than six months": 1,
    "one month to six months": 2,
    "between one month and six months": 2,
    "one week to one month": 3,
    "between one week and one month": 3,
    "one day to one week": 4,
    "between one day and one week": 4,
    "less than one day": 5,
    "less than one hour": 6,
}
_FREQUENCY: Final[dict[str, float]] = {
    "fewer than once per six months": 1,
    "between once per month and once every six months": 2,
    "between once per week and once per month": 3,
    "between once per day and once per week": 4,
    "between once per hour and once per day": 5,
    "on demand (multiple deploys per day)": 6,
}


@dataclass(frozen=True, kw_only=True)
class KnownItem:
    """An item: a part of its wording, its scale, and the labels of its answers with numbers."""

    wording: str
    scale: str = "1-7"
    values: dict[str, float] = field(default_factory=dict)


KNOWN_ITEMS: Final[dict[str, KnownItem]] = {
    "westrum_information": KnownItem(wording="information is actively sought"),
    "westrum_messengers": KnownItem(wording="messengers are not punished"),
    "westrum_responsibilities": KnownItem(wording="responsibilities are shared"),
    "westrum_cooperation": KnownItem(wording="cross-functional collaboration is encouraged"),
    "westrum_failures": KnownItem(
        wording="failures are treated primarily as opportunities to improve"
    ),
    "westrum_ideas": KnownItem(wording="new ideas are welcomed"),
    "dora_lead_time": KnownItem(wording="lead time for changes", scale="1-6", values=_SPAN),
    "dora_deployment_frequency": KnownItem(
        wording="how often does your organization deploy code", scale="1-6", values=_FREQUENCY
    ),
    "dora_recovery_time": KnownItem(
        wording="how long does it generally take to restore service", scale="1-6", values=_SPAN
    ),
    "dora_change_fail_rate": KnownItem(
        wording="percentage of changes to production", scale="0-100"
    ),
    "dora_rework_rate": KnownItem(
        wording="percentage of deployments in the last six months were not planned", scale="0-100"
    ),
}
"""Item id → what it is known by."""


def plain(text: str) -> str:
    """Return a label or a question without what its meaning does not depend on: case, blanks."""
    dashed = text.replace("–", "-").replace("—", "-").replace("\u2019", "'")
    return " ".join(dashed.casefold().split())
