"""Attestations: what somebody stands up for, with a link to the proof, as CSV, Excel or TOML."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

import polars as pl

from devops_analytics.config_evidence import AttestationsSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.source import (
    QUARANTINE,
    Context,
    Draft,
    Export,
    Recognition,
    SourceKind,
)
from devops_analytics.sources.tabular import column_names, read_tabular
from devops_analytics.sources.toml_text import parsed

COLUMNS: Final = ("subject", "indicator", "at", "value", "url", "expires_at")
NEEDED: Final = ("subject", "indicator", "at", "value")
WORDS: Final[dict[str, float | None]] = {
    "yes": 1.0,
    "true": 1.0,
    "partly": 0.5,
    "no": 0.0,
    "false": 0.0,
    "not applicable": None,
    "n/a": None,
}
"""Words for values → 0-1; null where it does not apply."""
NOT_A_SHARE: Final = "not_a_share"
UNKNOWN_KEY: Final = "unknown_key"

_TABLE: Final = "attestations"
_SCHEMA: Final[dict[str, Any]] = {"record": pl.Int64(), **dict.fromkeys(COLUMNS, pl.String())} | {
    "value": pl.Float64()
}

_Numbered = list[tuple[int, dict[str, str]]]
_Refused = list[tuple[int, str, str]]


def read(export: Export, entry: AttestationsSource, context: Context) -> Iterator[Draft]:
    """Yield the attestations; a day without a time is its first moment in the reporting zone.

    Raises:
        ExportError: the file can't be read, or lacks a column that is needed.
    """
    found, refused = _from_toml(export) if export.suffix == ".toml" else _from_table(export)
    rows = []
    for number, cells in found:
        value, reason = _value(cells.get("value", ""))
        if reason:
            refused.append((number, NOT_A_SHARE, reason))
            continue
        rows.append({"record": number, **cells, "value": value})
    yield Draft(
        table=_TABLE,
        rows=pl.DataFrame(rows, schema=_SCHEMA, orient="row"),
        n_read=len(rows) + len(refused),
        rejected=pl.DataFrame(
            [
                (context.label, _TABLE, number, reason, f"{context.label} {number}: {said}", None)
                for number, reason, said in refused
            ],
            schema=QUARANTINE,
            orient="row",
        ),
        time_zone=entry.time_zone or context.settings.organisation.time_zone,
    )


def _value(text: str) -> tuple[float | None, str]:
    """Return a value from 0 to 1 (None: it does not apply), or what is wrong with it."""
    word = text.strip().lower()
    if word in WORDS:
        return WORDS[word], ""
    try:
        value = float(word.removesuffix("%")) / (100 if word.endswith("%") else 1)
    except ValueError:
        value = -1
    if 0 <= value <= 1:
        return value, ""
    allowed = f"a number from 0 to 1, a percentage, or {', '.join(WORDS)}"
    return None, f"value: found {text!r}; allowed: {allowed}"


def _from_table(export: Export) -> tuple[_Numbered, _Refused]:
    table = read_tabular(export)
    _check(export, table.rows.columns)
    names: list[str] = [name for name in COLUMNS if name in table.rows.columns]
    rows = zip(table.records.to_list(), table.rows.select(names).iter_rows(), strict=True)
    found = [
        (number, {name: cell for name, cell in zip(names, cells, strict=True) if cell})
        for number, cells in rows
    ]
    return found, [(number, reason, said) for number, reason, said, _ in table.rejected]


def _check(export: Export, columns: list[str]) -> None:
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise ExportError(
            f"{export}: no column {', '.join(missing)}; found: {', '.join(columns)}; "
            f"attestations have {', '.join(COLUMNS)}."
        )


def _from_toml(export: Export) -> tuple[_Numbered, _Refused]:
    data = parsed(utf8_text(export, read_content(export).data), name=str(export))
    items = data.get("attestations")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ExportError(
            f"{export}: found the keys {', '.join(data) or 'none'}; expected [[attestations]] "
            f"with {', '.join(COLUMNS)}."
        )
    found: _Numbered = []
    refused: _Refused = []
    for number, item in enumerate(items, 1):
        unknown = [key for key in item if key not in COLUMNS]
        if unknown:
            said = f"found the key {unknown[0]!r}; allowed: {', '.join(COLUMNS)}"
            refused.append((number, UNKNOWN_KEY, said))
        else:
            found.append((number, {key: _text(value) for key, value in item.items()}))
    return found, refused


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def recognise(export: Export) -> Recognition | None:
    """Say whether a file has the columns, or a TOML file the section, of attestations."""
    if export.suffix == ".toml":
        try:
            found, _ = _from_toml(export)
        except ExportError:
            return None
        columns = list(found[0][1]) if found else []
    else:
        columns = column_names(export)
    if not set(NEEDED) <= set(columns):
        return None
    return Recognition(kind="attestations", confidence=0.9, reason="attestations, by their columns")


ATTESTATIONS: Final = SourceKind(
    kind="attestations",
    title="attestations",
    reads=f"CSV, Excel or TOML ([[attestations]]) with {', '.join(COLUMNS)}",
    tables=(_TABLE,),
    read=read,
    recognise=recognise,
)
