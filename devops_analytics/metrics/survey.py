"""Surveys: what people answer, as means of groups that are large enough.

The items are DORA's (CC BY 4.0). A wave's answers count together from its last answer on.
"""

from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from devops_analytics.config import Settings
from devops_analytics.config_evidence import Item, SurveySource
from devops_analytics.metrics.attribution import as_observations
from devops_analytics.metrics.metric import Better, Evidence, Kind, Metric, Unit
from devops_analytics.sources.survey_items import KNOWN_ITEMS
from devops_analytics.text import filled

VALID_DAYS: Final = 183
"""How long a wave tells of the present: half a year."""
WESTRUM: Final = tuple(item for item in KNOWN_ITEMS if item.startswith("westrum_"))
FEWEST_ITEMS: Final = 4
"""Items of six that a respondent must have answered to count (this project's rule)."""


def westrum(evidence: Evidence) -> pl.LazyFrame:
    """Return the mean of the Westrum items of each respondent who answered enough of them.

    Returns:
        Observations: `at` is the last answer of the wave, `value` 1-7, `key` the respondent.
    """
    scales = {item: KNOWN_ITEMS[item].scale for item in WESTRUM}
    return _scores(evidence, scales, fewest=FEWEST_ITEMS)


def item_score(item: str, scale: str) -> Callable[[Evidence], pl.LazyFrame]:
    """Return the function that returns each respondent's answer to one item."""

    def observe(evidence: Evidence) -> pl.LazyFrame:
        return _scores(evidence, {item: scale}, fewest=1)

    return observe


NOT_COMPARABLE: Final = "not comparable with"
"""Said of a wave whose items, wording or scales are not those of the wave before."""


def waves_compared(*items: str) -> Callable[[Evidence], pl.LazyFrame]:
    """Return the function that says of each wave which it is, and why it is not comparable.

    Two waves compare only where the items' wording and scale are the same.
    """

    def remarks(evidence: Evidence) -> pl.LazyFrame:
        asked = (
            _answers(evidence, items)
            .group_by("wave", "at")
            .agg(asked=filled("{} {} {}", "item", "scale", "wording").unique().sort())
            .sort("at", "wave")
            .with_columns(before=pl.col("asked").shift(1), last=pl.col("wave").shift(1))
        )
        changed = pl.col("asked").list.set_symmetric_difference("before").list.len() > 0
        differs = filled(
            f"wave {{}}, {NOT_COMPARABLE} wave {{}}: other items, wording or scales", "wave", "last"
        )
        note = pl.when(changed).then(differs).otherwise(filled("wave {}", "wave"))
        return asked.select("at", note=note)

    return remarks


def _answers(evidence: Evidence, items: tuple[str, ...]) -> pl.LazyFrame:
    """Return the dated waves' answers to items, each at the last answer of its wave.

    Of waves that ended at the same moment only the last by its name counts.
    """
    return (
        evidence.tables["answers"]
        .with_columns(at=pl.col("at").max().over("wave"))
        .filter(pl.col("item").is_in(items))
        .drop_nulls(["at", "value"])
        .filter(pl.col("wave") == pl.col("wave").max().over("at"))
    )


def _scores(evidence: Evidence, scales: Mapping[str, str], *, fewest: int) -> pl.LazyFrame:
    """Return each respondent's mean, once for every service of the team, to be told apart by it.

    `scales` are items with their scales; answers on another scale are left out.
    """
    is_known = pl.col("scale") == pl.col("item").replace_strict(scales, default=None)
    teams = evidence.tables["services"].select("service", "team").drop_nulls()
    people = (
        _answers(evidence, tuple(scales))
        .filter(is_known)
        .group_by("wave", "respondent")
        .agg(
            pl.col("value").mean(),
            pl.col("team").sort().first(),
            pl.col("at", "source_ref").first(),
            n=pl.col("item").n_unique(),
        )
        .filter(pl.col("n") >= fewest)
        .with_columns(key=filled("{} {}", "wave", "respondent"), observed=pl.lit(value=True))
    )
    return as_observations(people.join(teams, on="team", how="left"))


_CHOICES: Final = (
    "The last wave that ended in the half-year before the end of the period; answers are coded by "
    "their label, what is not known or not answered is missing; respondents of no known team count "
    "for the organisation alone; a group of fewer than minimum_group is withheld, and so is "
    "the next smallest where it could be worked out from the others; waves compare only where the "
    "wording is the same"
)
_UNKNOWN: Final = "No survey with these items and dated answers ended in the half-year before."
_MISLEADS: Final = (
    "Few answer, or only those who are content; with so few people a mean moves by chance: look at "
    "its interval."
)
_GAMED: Final = "Letting people fear that answers can be traced, or asking for a good number."

WESTRUM_CULTURE: Final = Metric(
    id="westrum",
    name="Westrum culture",
    question="Do people find that information flows, and that failure leads to inquiry?",
    family="survey",
    kind=Kind.SCORE,
    unit=Unit.SCALE_POINTS,
    better=Better.HIGHER,
    definition=(
        "Mean of respondents' means of six statements on generative culture, from 1 (strongly "
        "disagree) to 7 (strongly agree)."
    ),
    choices=(
        f"{_CHOICES}; a respondent counts who answered at least four of the six; no cut points "
        "between kinds of culture, as no source gives any."
    ),
    unknown_when=_UNKNOWN,
    misleads_when=_MISLEADS,
    moved_without_improvement=_GAMED,
    source="DORA capability 'Generative organizational culture' (CC BY 4.0), after Westrum (2004).",
    needs=("answers",),
    observe=westrum,
    state_days=VALID_DAYS,
    feeds_speak_for_all=True,
    remarks=waves_compared(*WESTRUM),
)

_SPANS: Final = "from 1 (more than six months) to 6 (less than one hour)"
_DORA_ITEMS: Final = {
    "dora_lead_time": (
        "Lead time, as people see it",
        "How long do people think a change takes from commit to production?",
        Better.HIGHER,
        _SPANS,
    ),
    "dora_deployment_frequency": (
        "Deployment frequency, as people see it",
        "How often do people think that they deploy?",
        Better.HIGHER,
        "from 1 (fewer than once per six months) to 6 (on demand)",
    ),
    "dora_recovery_time": (
        "Recovery time, as people see it",
        "How long do people think it takes to restore service after a failed change?",
        Better.HIGHER,
        _SPANS,
    ),
    "dora_change_fail_rate": (
        "Change fail rate, as people see it",
        "What share of changes do people think fails?",
        Better.LOWER,
        "from 0 to 100 (per cent)",
    ),
    "dora_rework_rate": (
        "Rework rate, as people see it",
        "What share of deployments do people think was not planned?",
        Better.LOWER,
        "from 0 to 100 (per cent)",
    ),
}
"""DORA's items: name, question, direction, and the ends of the scale in words."""


def _dora_item(item: str) -> Metric:
    name, question, better, scale = _DORA_ITEMS[item]
    return Metric(
        id=item,
        name=name,
        question=question,
        family="survey",
        kind=Kind.SCORE,
        unit=Unit.SCALE_POINTS,
        better=better,
        definition=f"Mean of respondents' answers to DORA's question, coded {scale}.",
        choices=f"{_CHOICES}.",
        unknown_when=_UNKNOWN,
        misleads_when=(
            f"{_MISLEADS} It is what people think, beside what events show; steps of the scale are "
            "not equally long."
        ),
        moved_without_improvement=_GAMED,
        source="DORA core survey, questions on software delivery performance (CC BY 4.0).",
        needs=("answers",),
        observe=item_score(item, KNOWN_ITEMS[item].scale),
        state_days=VALID_DAYS,
        feeds_speak_for_all=True,
        remarks=waves_compared(item),
    )


def own_items(settings: Settings) -> tuple[Metric, ...]:
    """Return a metric for every item of the settings' surveys that is none of the known ones."""
    surveys = [entry for entry in settings.sources if isinstance(entry, SurveySource)]
    items = {name: item for entry in surveys for name, item in entry.items.items()}
    return tuple(_own(name, items[name]) for name in sorted(items.keys() - KNOWN_ITEMS.keys()))


def _own(name: str, item: Item) -> Metric:
    return Metric(
        id=name,
        name=name.replace("_", " ").capitalize(),
        question=item.column,
        family="survey",
        kind=Kind.SCORE,
        unit=Unit.SCALE_POINTS,
        better=Better.HIGHER,
        definition=f"Mean of respondents' answers, on the scale {item.scale} of the settings.",
        choices=f"{_CHOICES}; a higher number is taken to be better.",
        unknown_when=_UNKNOWN,
        misleads_when=_MISLEADS,
        moved_without_improvement=_GAMED,
        source="The settings' own question.",
        needs=("answers",),
        observe=item_score(name, item.scale),
        state_days=VALID_DAYS,
        feeds_speak_for_all=True,
        remarks=waves_compared(name),
    )


SURVEY: Final[tuple[Metric, ...]] = (WESTRUM_CULTURE, *(_dora_item(item) for item in _DORA_ITEMS))
"""The metrics of this family, in report order."""
