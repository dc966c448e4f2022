"""OpenSSF Scorecard: how a repository scores, as a whole and in each check."""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from devops_analytics.config_evidence import ScorecardSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.json_kinds import (
    Reading,
    RecordKind,
    Refused,
    Row,
    read_kinds,
    with_keys,
)
from devops_analytics.sources.json_records import Records
from devops_analytics.sources.json_text import decoded
from devops_analytics.sources.scanners import as_declared, day_in_utc
from devops_analytics.sources.source import Context, Draft, Export, Recognition, SourceKind

TOOL: Final = "OpenSSF Scorecard"
INCONCLUSIVE: Final = -1
HIGHEST: Final = 10

_SAMPLE: Final = 1 << 12
_ERROR: Final = "internal error"
"""What the reason of a check that broke off begins with."""
_DATABASE: Final = re.compile(
    rb'\s*\{\s*"[\w-]+(?:\.[\w-]+)+"\s*:\s*\{\s*"[^"]+"\s*:\s*\{\s*"[^"]+"\s*:\s*\{\s*'
    rb'"(?:previous|current)"\s*:'
)
"""The history that the scorecard-monitor action keeps: host, owner, repository, results."""

_RESULT: Final = re.compile(rb'"repo"\s*:\s*\{[^{}]{0,2000}\}\s*,\s*"scorecard"\s*:\s*\{')
"""A result's beginning; all of one may be longer than what is looked at."""


class Struct(msgspec.Struct):
    """A part of a result; keys that are not declared are not read."""


class Repository(Struct):
    """What was scored."""

    name: str | None = None


class Check(Struct):
    """A check of a result; what it found in detail is not read."""

    name: str
    score: float | None = None
    reason: str | None = None


class Result(Struct):
    """A result of `scorecard --format json`."""

    repo: Repository
    date: str | None = None
    score: float | None = None
    checks: list[Check] | None = None


class Score(Struct):
    """What the scorecard-monitor action keeps of a result."""

    date: str | None = None
    score: float | None = None


class Kept(Struct):
    """A result of the action's history, with the repository that it stands under."""

    repository: str
    kept: Score


class Probes(Struct):
    """A result of `scorecard --format probe`: it has no scores."""

    date: str | None = None


class History(Struct):
    """All results of a repository in the action's history."""

    previous: list[msgspec.Raw] | None = None
    current: msgspec.Raw = msgspec.Raw(b"null")


# ---- Rows ---- #


def _result(result: Result, reading: Reading) -> Iterator[Row]:
    about = _about(result.repo.name, result.date, reading)
    yield "scans", _scored("", result.score, about)
    for check in result.checks or ():
        row = _scored(check.name, check.score, about)
        is_broken = check.score == INCONCLUSIVE and (check.reason or "").startswith(_ERROR)
        yield "scans", row | {"succeeded": not is_broken} if isinstance(row, dict) else row


def _kept(kept: Kept, reading: Reading) -> Iterator[Row]:
    about = _about(kept.repository, kept.kept.date, reading)
    yield "scans", _scored("", kept.kept.score, about)


def _about(name: str | None, date: str | None, reading: Reading) -> dict[str, Any]:
    at = day_in_utc(date)
    said = as_declared(_without_host(name), reading.context.settings)
    return {
        "tool": TOOL,
        "repo": said or reading.entry.repository,
        "at": at,
        "updated_at": at,
        "succeeded": True,
    }


def _without_host(name: str | None) -> str | None:
    """Return a repository's name without its host; None for a folder: it may name people."""
    if not name or name.startswith(("file:", "/", ".")) or "\\" in name:
        return None
    host, _, rest = name.removeprefix("https://").partition("/")
    return rest if rest and "." in host else name


def _scored(check: str, score: float | None, about: dict[str, Any]) -> dict[str, Any] | Refused:
    """Return a row; a score of -1 is inconclusive, and none."""
    if score is not None and score != INCONCLUSIVE and not 0 <= score <= HIGHEST:
        message = (
            f"{check or 'the whole'}: score: found {score:g}; allowed: 0 to {HIGHEST}, or "
            f"{INCONCLUSIVE} where it is inconclusive"
        )
        return Refused("not_a_score", message)
    return about | {"check": check, "score": None if score == INCONCLUSIVE else score}


# ---- Files ---- #


_RESULT_KEYS: Final = ("repo", "checks", "score")

KINDS: Final = (
    RecordKind(
        name="result",
        is_one=lambda keys: (
            with_keys(*_RESULT_KEYS)(keys) and ("scorecard" in keys or "date" in keys)
        ),
        table="scans",
        struct=Result,
        rows=_result,
    ),
    RecordKind(
        name="kept result",
        is_one=with_keys("repository", "kept"),
        table="scans",
        struct=Kept,
        rows=_kept,
    ),
    RecordKind(
        name="result of probes",
        is_one=with_keys("repo", "scorecard", "findings", without=("checks",)),
        table="scans",
        struct=Probes,
    ),
)


def read(export: Export, entry: ScorecardSource, context: Context) -> Iterator[Draft]:
    """Yield a draft of scans: one for each result as a whole, and one for each of its checks.

    Raises:
        ExportError: nothing in the file is a result.
    """
    text = utf8_text(export, read_content(export).data)
    records = _flat(export, text) if _DATABASE.match(text) else None
    return read_kinds(export, entry, context, kinds=KINDS, title=TOOL, records=records)


def _flat(export: Export, text: bytes) -> Records:
    """Return the results of the action's history, one by one."""
    try:
        hosts = decoded(text, dict[str, dict[str, dict[str, History]]])
    except msgspec.DecodeError as error:
        raise ExportError(
            f"{export}: is not the history of scorecard-monitor (host, owner, repository, then "
            f"`previous` and `current`): {error}. Take the file from the repository again."
        ) from error
    results: list[bytes] = []
    for host, owners in hosts.items():
        for owner, repositories in owners.items():
            for name, history in repositories.items():
                for kept in [*(history.previous or ()), history.current]:
                    if bytes(kept) == b"null":
                        continue
                    record = {"repository": f"{host}/{owner}/{name}", "kept": kept}
                    results.append(msgspec.json.encode(record))
    if not results:
        raise ExportError(f"{export}: the history of scorecard-monitor holds no result.")
    return Records(rows=list(enumerate(results, start=1)), rejected=[])


def recognise(export: Export) -> Recognition | None:
    """Return how sure it is that a file holds results, by its beginning."""
    try:
        text = utf8_text(export, read_content(export, limit=_SAMPLE).data)
    except ExportError:
        return None
    if _DATABASE.match(text):
        reason = "OpenSSF Scorecard, history of the scorecard-monitor action, JSON"
        return Recognition(kind="scorecard", confidence=0.9, reason=reason)
    if not text.lstrip().startswith((b"{", b"[")) or not _RESULT.search(text):
        return None
    reason = f"results of {TOOL}, JSON"
    return Recognition(kind="scorecard", confidence=0.95, reason=reason)


SCORECARD: Final = SourceKind(
    kind="scorecard",
    title=TOOL,
    reads="results of `scorecard --format json`, and the history of scorecard-monitor",
    tables=("scans",),
    read=read,
    recognise=recognise,
    by_line=True,
)
