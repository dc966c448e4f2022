"""Sentences from numbers: what was measured, how sure that is, and why something is not known."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl

from devops_analytics.change.control import FEWEST_IN_BASELINE, RULES
from devops_analytics.display import (
    POINTS,
    STATUS_WORDS,
    Measurement,
    format_count,
    format_counted,
    format_interval,
    format_key,
    format_limits,
    format_list,
    format_n,
    format_number,
    format_value,
)
from devops_analytics.display_changes import Change, format_change, format_change_limits
from devops_analytics.metrics import Kind, Metric, Unit, metric
from devops_analytics.schema import TABLE_WORDS

EXPORTS: Final = {
    "commits": "a git clone or an export of commits",
    "file_changes": "a git clone read with file statistics",
    "refs": "a git clone or an export of tags and branches",
    "changes": "an export of pull or merge requests",
    "reviews": "an export of reviews",
    "pipeline_runs": "an export of pipeline runs",
    "pipeline_jobs": "an export of pipeline jobs",
    "deployments": "an export of deployments, or tags, releases or runs declared as deployments",
    "incidents": "an export of incidents",
    "alerts": "an export of alerts",
    "findings": "results of scanners",
    "scans": "results of scanners or of OpenSSF Scorecard",
    "components": "bills of materials",
    "infrastructure_plans": "plans of Terraform or OpenTofu as JSON",
    "answers": "a survey whose answers are dated",
}
"""What fills each table."""

_EXAMPLES: Final = 3
"""How many examples a line names."""

_WORDED: Final = {
    "deployment_frequency": "Production was deployed to {times}",
    "deployment_days_per_week": "In half of the weeks a service was deployed on at most {value}",
    "change_lead_time": "Half of changes reached production within {value}",
    "failed_deployment_recovery_time": "Half of failed deployments were put right within {value}",
    "change_fail_rate": "{value} of deployments failed",
    "deployment_rework_rate": "{value} of deployments were unplanned repair",
    "time_to_restore": "Half of incidents were over within {value}",
}
"""How the headline of a metric begins; other metrics are named."""

_GENERAL: Final = {
    Kind.DURATION: "{name}: {share} took at most {value}",
    Kind.LEVEL: "{name}: {share} were at most {value}",
    Kind.PROPORTION: "{name}: {value}",
    Kind.RATE: "{name}: {value}",
    Kind.RATIO: "{name}: {value}",
    Kind.STOCK: "{name}: {value}",
    Kind.SPREAD: "{name}: {value}",
    Kind.SCORE: "{name}: {value} on average",
}


# ---- Measurements ---- #


def headline(measurement: Measurement, *, confidence: float) -> str:
    """Return the sentence that a measurement comes to, whatever its status.

    Args:
        measurement: of any metric.
        confidence: of its interval, 0-1.
    """
    declared = metric(measurement.metric)
    if measurement.value is None:
        return without_number(measurement)
    words = _WORDED.get(declared.id, _GENERAL[declared.kind]).format(
        name=declared.name,
        share=_share_below(declared),
        value=format_number(measurement),
        times=format_number(measurement).replace(" per ", " times per "),
    )
    sure = _how_sure(measurement, confidence)
    return f"{words} ({sure})." if sure else f"{words}."


def in_short(measurement: Measurement, *, confidence: float) -> str:
    """Return the headline; where there is no number, no more than its status and reason."""
    if measurement.value is not None:
        return headline(measurement, confidence=confidence)
    name, reason = metric(measurement.metric).name, _clause(measurement.note).partition(";")[0]
    return f"{name}: {STATUS_WORDS[measurement.status]}{f' ({reason})' if reason else ''}."


def without_number(measurement: Measurement) -> str:
    """Return why a measurement has no number, and what it would take to have one."""
    declared = metric(measurement.metric)
    note = _clause(measurement.note)
    match measurement.status:
        case "none":
            return f"{declared.name}: {note or 'nothing happened'}.{_compatible(measurement)}"
        case "insufficient":
            return f"{declared.name}: too few for a number; {note or format_n(measurement)}."
        case "unknown":
            why = note or "no live feed"
            return f"{declared.name} is not known: {why}. {what_fills(measurement)}"
        case "not_applicable":
            return f"{declared.name} does not apply{_after(note)}."
        case _:
            return f"{declared.name} is withheld{_after(note)}: too few people stand behind it."


def remark(measurement: Measurement) -> str:
    """Return the note of a measurement that has a number, as a sentence; empty without one."""
    note = _clause(measurement.note)
    return f"{note[0].upper()}{note[1:]}." if note and measurement.value is not None else ""


def what_fills(measurement: Measurement) -> str:
    """Return which exports would make a measurement known, as a sentence.

    They are those that its note says there are none of, else all that its metric needs.
    """
    needs, note = metric(measurement.metric).needs, measurement.note or ""
    missing = [table for table in needs if f"no feed of {TABLE_WORDS[table]}" in note]
    return f"It needs {format_list(EXPORTS[table] for table in missing or needs)}."


def comparison(now: Measurement, before: Measurement, change: Change, *, confidence: float) -> str:
    """Return the earlier value beside the present one, and whether that is a change or noise."""
    if before.value is None:
        note = _clause(before.note)
        return f"There is no number for {before.period}{_after(note)}."
    shown = format_number(before, beside=now.value)
    sure = _how_sure(before, confidence, beside=now.value)
    told = f" {verdict(change, confidence=confidence)}" if now.value is not None else ""
    return f"In {before.period} it was {shown} ({sure}).{told}"


def verdict(change: Change, *, confidence: float) -> str:
    """Return the verdict on a change with its interval, as a sentence."""
    if change.verdict == "not comparable":
        return f"Not comparable with {change.baseline}{_after(_clause(change.reason))}."
    limits = format_change_limits(change)
    sure = f" ({confidence:.0%} interval {limits})".replace("%", " %", 1) if limits else ""
    size = f": {format_change(change)}{sure}" if change.change is not None else sure
    if change.verdict != "no detectable change":
        return f"{change.verdict.capitalize()} than in {change.baseline}{size}."
    by_chance = (
        " Beside so many comparisons that may be chance."
        if change.p is not None and change.p <= 1 - confidence
        else ""
    )
    return f"No detectable change from {change.baseline}{size}.{by_chance}"


def verdicts_in_short(changes: Sequence[Change]) -> str:
    """Return several verdicts in a sentence, without what is not comparable."""
    told = [change for change in changes if change.verdict != "not comparable"]
    if not told:
        return ""
    if {change.verdict for change in told} == {"no detectable change"}:
        return f"No detectable change from {told[0].baseline}{_of(told, changes)}."
    said = [f"{metric(change.metric).name.lower()}: {change.verdict}" for change in told]
    return f"Compared with {told[0].baseline}, {format_list(said)}."


def _of(told: Sequence[Change], changes: Sequence[Change]) -> str:
    """Return which metrics are meant, where not all of them are."""
    if len(told) == len(changes):
        return ""
    return f" in {format_list(metric(change.metric).name.lower() for change in told)}"


def what_it_takes(needed: Mapping[str, Any]) -> str:
    """Return how many observations a change would take to be seen: a row of `Needed`.

    Empty where there are enough, or where it can't be told.
    """
    n, enough = needed["n"], needed["needed_n"]
    if enough is None or enough <= n:
        return ""
    size = {0.5: "halve", 2.0: "double"}.get(needed["ratio"], f"be {needed['ratio']:g} times it")
    return (
        f"To see it {size}, each period would need about {format_count(enough)} observations; "
        f"{needed['period']} has {format_count(n)}."
    )


def trend_sentence(row: Mapping[str, Any]) -> str:
    """Return whether a metric rose or fell over periods: a row of `Trends`."""
    span = f"Over {format_counted(row['n'], 'period')}, {row['first']} to {row['last']}"
    match row["verdict"]:
        case "not comparable":
            return f"No trend was looked for: {row['reason']}."
        case "no detectable change":
            return f"{span}: no detectable trend."
        case better_or_worse:
            way = "rising" if row["tau"] > 0 else "falling"
            return f"{span}: a {way} trend, for the {better_or_worse}."


def signals_sentence(frame: pl.DataFrame, *, period: str, since: datetime) -> str:
    """Return what a process chart says of a period: a frame of `ProcessPoints`.

    Args:
        frame: at least one point.
        period: label of the period judged.
        since: when it began.
    """
    base = int(frame["in_baseline"].sum())
    if base == 0:
        few = format_counted(frame.height, "point")
        return f"No limits yet: {few}, and limits take {FEWEST_IN_BASELINE}."
    judged = frame.filter((pl.col("at") >= since) & ~pl.col("in_baseline"))
    said = [f"{_span(labels)} ({RULES[rule]})" for rule in RULES if (labels := _by(judged, rule))]
    points = format_counted(judged.height, "point")
    found = f"signals among {points}: {format_list(said)}" if said else f"no signal among {points}"
    return (
        f"In {period} {found}. The limits come from {format_counted(base, 'point')}; on a stable "
        "series 1 to 4 of 100 points are signals too."
    )


def _by(judged: pl.DataFrame, rule: str) -> list[str]:
    """Return the labels of the points that complete a rule."""
    return judged.filter(pl.col("signals").list.contains(rule))["label"].to_list()


def _span(labels: Sequence[str]) -> str:
    """Return labels as a sentence lists them; of many, the first, the last and how many."""
    if len(labels) <= _EXAMPLES:
        return format_list(labels)
    return f"{len(labels)} from {labels[0]} to {labels[-1]}"


def _how_sure(measurement: Measurement, confidence: float, *, beside: float | None = None) -> str:
    limits = format_limits(measurement, beside=beside)
    interval = f"{confidence:.0%} interval {limits}".replace("%", " %", 1) if limits else ""
    return "; ".join(part for part in (interval, format_n(measurement)) if part)


def _share_below(declared: Metric) -> str:
    return "half" if declared.quantile == 0.5 else f"{100 * declared.quantile:.0f} %"  # noqa: PLR2004


def _compatible(measurement: Measurement) -> str:
    """Return what rate nothing at all is compatible with."""
    if measurement.high is None:
        return ""
    return f" Up to {format_value(measurement.high, measurement.unit)} is compatible with that."


def _clause(note: str | None) -> str:
    return (note or "").rstrip(". ")


def _after(clause: str) -> str:
    return f": {clause}" if clause else ""


# ---- What is missing ---- #


def quality_line(row: Mapping[str, Any]) -> str:
    """Return one finding of the data-quality checks as a line: a row of `quality.FINDINGS`."""
    found = format_count(row["count"])
    if row["total"] is not None:
        found += f" of {format_count(row['total'])} {row['among']}"
    such_as = format_key(", ".join(row["examples"][:_EXAMPLES]))
    return f"{row['title']}: {found} (such as {such_as}). {row['effect']} {row['what_to_do']}"


# ---- Maturity ---- #


def dimension_sentence(row: Mapping[str, Any], *, name: str) -> str:
    """Return what an assessment says of a dimension: a row of `Assessment.dimensions`."""
    if row["score"] is None:
        return f"{name} is {row['status']}."
    interval = format_interval(row["low"], row["high"], POINTS)
    level = "" if row["level"] is None else f"level {row['level']}, "
    text = f"{name}: {level}{format_value(row['score'], POINTS)} of 100 ({interval})"
    if row["coverage"] == 1:
        return f"{text}; all of the evidence is known."
    known = format_value(row["coverage"], Unit.SHARE.value)
    possible = format_interval(row["range_low"], row["range_high"], POINTS)
    return f"{text}; {known} of the evidence is known, with the rest it would be {possible}."


def maturity_line(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> str:
    """Return the levels of all dimensions in one sentence, and which are not assessed."""
    levels = [
        f"{names[row['dimension']]} {row['level']}" for row in rows if row["level"] is not None
    ]
    missing = [names[row["dimension"]] for row in rows if row["score"] is None]
    parts = []
    if levels:
        parts.append(f"Maturity levels (of 5): {', '.join(levels)}.")
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        parts.append(f"{format_list(missing)} {verb} not assessed: too little evidence.")
    return " ".join(parts)


def change_line(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], before: str) -> str:
    """Return the levels gained and lost in one sentence: rows of `maturity.change_index`.

    Args:
        rows: one for each dimension.
        names: dimension → its name in words.
        before: label of the earlier period.
    """
    known = [row for row in rows if row["change"] is not None]
    if not known:
        return f"No level of {before} can be compared."
    moved = [
        f"{names[row['dimension']]} {row['level_before']} → {row['level_after']}"
        for row in known
        if row["change"]
    ]
    index = sum(row["change"] for row in known)
    total = f"{index:+d}" if index else "0"
    said = f": {', '.join(moved)}" if moved else ", no level gained or lost"
    return f"Change index since {before}: {total} over {len(known)} dimensions{said}."


def move_line(row: Mapping[str, Any], *, title: str, dimensions: Sequence[str]) -> str:
    """Return what one improvement would move: a row of `maturity.MOVES`."""
    where = format_list(dimensions)
    if row["kind"] == "measure":
        return (
            f"{title} is not known. If it were like the rest, knowing it would prove "
            f"{format_value(row['gain'], POINTS)}: {where}."
        )
    target = format_value(row["target"], row["unit"])
    now = format_value(row["value"], row["unit"])
    return f"{title}: from {now} to {target} would be {format_value(row['gain'], POINTS)}: {where}."


def unknown_line(found: Sequence[Measurement], *, left_out: int, services: int) -> str:
    """Return which of several measurements have no number, and how many services they leave out.

    Args:
        found: the measurements.
        left_out: services that at least one of the numbers leaves out.
        services: all services.
    """
    missing = [
        f"{metric(m.metric).name.lower()} ({STATUS_WORDS[m.status]})"
        for m in found
        if m.value is None
    ]
    parts = [
        f"Without a number: {format_list(missing)}." if missing else "All of these have a number."
    ]
    if left_out:
        parts.append(
            f"The numbers leave out {format_count(left_out)} of "
            f"{format_counted(services, 'service')}, whose exports are missing or have ended."
        )
    return " ".join(parts)
