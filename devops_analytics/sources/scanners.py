"""What the reports of scanners have in common: their moment, repository, paths and severities."""

import hashlib
import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from devops_analytics.config import Settings
from devops_analytics.config_evidence import Dated
from devops_analytics.sources.json_kinds import Reading

WITHOUT_TIME: Final = "scan_without_time"

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_STAMP: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}[:_-]?\d{2}(?:[:_-]?\d{2})?Z)?")
_PACKED_STAMP: Final = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2})[:_-]?(\d{2})(?:[:_-]?(\d{2}))?Z")
_HOME: Final = re.compile(
    r"^/*+(?:[A-Za-z]:/*+)?(?:home|Users|Documents and Settings)/[^/]+/", re.IGNORECASE
)
"""Where a person's own files lie: the folder names the person."""
_DRIVE: Final = re.compile(r"^/*[A-Za-z]:/+")
_SSH: Final = re.compile(r"^(?:[^@/]+@)?[^/:@]+:(?!//)(?P<path>.+)$")
_PREFIX: Final = re.compile(r"^(?:git|scm|hg|svn)[+:](?=https?:|ssh:|git:|file:)")
_SCORES: Final = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))
"""CVSS: from this score on it is so bad."""
_HIGHEST_SCORE: Final = 10.0


# ---- Moments ---- #


def time_in_path(reading: Reading) -> str | None:
    """Return the time that a report's path carries, as its `[[sources]]` entry says; None: none.

    A date alone is a day in the entry's zone, or in UTC.
    """
    entry: Dated = reading.entry
    found = [*re.finditer(entry.time, reading.context.label)] if entry.time else []
    if not found:
        return None
    # A folder may carry a date as well; what stands last is the file's own.
    text = found[-1]["time"] if "time" in found[-1].re.groupindex else found[-1][0]
    packed = _PACKED_STAMP.fullmatch(text or "")
    if packed:
        return f"{packed[1]}T{packed[2]}:{packed[3]}:{packed[4] or '00'}Z"
    return day_in_utc(text) if entry.time_zone is None else text


def day_in_utc(text: str | None) -> str | None:
    """Return a date without a time as the beginning of its day in UTC, and all else as it is."""
    if text and _DAY.fullmatch(text.strip()):
        return f"{text.strip()}T00:00:00Z"
    return text


def time_pattern(name: str) -> dict[str, str]:
    """Return what an entry should say of a file's name that carries a date; empty: it has none."""
    found = _STAMP.findall(name)
    if len(found) != 1:
        return {}
    return {"time": _DAY.pattern if _DAY.fullmatch(found[0]) else _STAMP.pattern}


def without_time(what: str, reading: Reading) -> str:
    """Return what to say of a report that nothing dates."""
    pattern = reading.entry.time
    advice = (
        f"and its path {reading.context.label!r} holds nothing that `time` matches; correct `time`"
        if pattern
        else "put it into the file's name, and set `time` of the [[sources]] entry to a regular "
        r"expression that takes it out, such as '\d{4}-\d{2}-\d{2}'"
    )
    return f"{what} does not say when it was made; {advice}"


# ---- Repositories and paths ---- #


def repository_of_url(url: str | None) -> str | None:
    """Return the name of the repository at an address: what its host calls it, as `owner/name`."""
    text = _PREFIX.sub("", (url or "").strip())
    try:
        path = urlsplit(text).path if "://" in text else None
    except ValueError:
        return None
    if path is None:
        ssh = _SSH.match(text)
        path = ssh["path"] if ssh else ""
    parts = [unquote(part) for part in path.split("/") if part and part != "_git"]
    for end in ("-", "tree", "blob", "commit"):
        if end in parts[2:]:
            parts = parts[: parts.index(end, 2)]
    return "/".join(parts).removesuffix(".git") or None


def as_declared(said: str | None, settings: Settings) -> str | None:
    """Return a repository by the name that the settings give it, else as it is said.

    The case of letters doesn't matter, and either of them may leave out the owner.
    """
    if said is None:
        return None
    names = {one.name for service in settings.services.values() for one in service.repositories}
    short = _short(said)
    same = [name for name in names if name.casefold() == said.casefold()]
    alike = [name for name in names if _short(name) == short and not ("/" in name and "/" in said)]
    if same:
        return said if said in same else min(same)
    return alike[0] if len(alike) == 1 else said


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1].casefold()


def path_of(uri: str | None, *, base: str | None = None) -> str | None:
    """Return the path that a URI means, from `base` on, without the folder of a person.

    Paths of machines are cut where a person's folder ends, as its name is a person's.
    """
    text = (uri or "").strip()
    if not text:
        return None
    if base and text.startswith(base):
        text = text[len(base) :]
    elif text.lower().startswith("file:"):
        text = text[len("file:") :]
        text = "/" + text.lstrip("/") if not text.startswith("///") else text[2:]
    elif "://" in text:
        return text.partition("?")[0].partition("#")[0]
    plain = unquote(text).replace("\\", "/")
    plain = _DRIVE.sub("/", _HOME.sub("", plain)) if plain[:1] == "/" or ":" in plain else plain
    return PurePosixPath(plain).as_posix().removeprefix("./") or None


# ---- Severities and fingerprints ---- #


def severity_of_score(score: float | None) -> str | None:
    """Return how bad a CVSS score of 0 to 10 is; None where it is none."""
    if score is None or not 0 <= score <= _HIGHEST_SCORE:
        return None
    return next((word for lowest, word in _SCORES if score >= lowest), "info")


def hashed(*parts: object) -> str:
    """Return a fingerprint of what tells a finding from others."""
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
