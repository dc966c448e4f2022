"""Sentences from numbers: what was measured, how sure that is, and why something is not known."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

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


def comparison(now: Measurement, before: Measurement, *, confidence: float) -> str:
    """Return the earlier value beside the present one; it says nothing of better or worse."""
    if before.value is None:
        note = _clause(before.note)
        return f"There is no number for {before.period}{_after(note)}."
    shown = format_number(before, beside=now.value)
    sure = _how_sure(before, confidence, beside=now.value)
    return f"In {before.period} it was {shown} ({sure}).{_overlap(now, before)}"


def _overlap(now: Measurement, before: Measurement) -> str:
    ends = (now.low, now.high, before.low, before.high)
    if now.value is None or any(end is None for end in ends):
        return ""
    now_low, now_high, before_low, before_high = (end for end in ends if end is not None)
    apart = now_low > before_high or before_low > now_high
    return " The two intervals do not overlap." if apart else " The two intervals overlap."


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
    text = f"{name}: level {row['level']}, {format_value(row['score'], POINTS)} of 100 ({interval})"
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
    missing = [names[row["dimension"]] for row in rows if row["level"] is None]
    parts = []
    if levels:
        parts.append(f"Maturity levels (of 5): {', '.join(levels)}.")
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        parts.append(f"{format_list(missing)} {verb} not assessed: too little evidence.")
    return " ".join(parts)


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
