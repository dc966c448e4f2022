"""What test reports of every form become: results of cases, numbered, with their times."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PureWindowsPath
from typing import Final, NamedTuple, Protocol

from devops_analytics.sources.xml_text import Element

_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+\.\d+|[1-9]\d{0,2}(?:,\d{3}){2,}")
_DECIMAL_COMMA: Final = re.compile(r"\d+,\d+")
_EITHER: Final = re.compile(r"[1-9]\d{0,2},\d{3}")
"""1,234 is a thousand in one language, and one and a bit in another."""
_PLAIN: Final = re.compile(r"\+?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,2})?")
_SPAN: Final = re.compile(r"(?:(\d{1,5})\.)?(\d{1,2}):([0-5]?\d):([0-5]?\d(?:\.\d{1,9})?)")


class Result(NamedTuple):
    """A result of a test case; times are texts as the report writes them."""

    record: int
    suite: str
    case: str | None
    number: int
    result: str | None
    """Canonical, or the tool's own word where nobody knows it."""
    seconds: float | None
    at: str | None


@dataclass
class Found:
    """What a report holds."""

    results: list[Result] = field(default_factory=list)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    """Number, reason and message of what is no result."""
    absorbed: int = 0
    notes: Counter[str] = field(default_factory=Counter)
    _seen: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    _marks: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def n_read(self) -> int:
        """Number of records so far."""
        return len(self.results) + len(self.refused) + self.absorbed

    def add(
        self,
        *,
        suite: str,
        case: str | None,
        result: str | None,
        seconds: str | None,
        at: str | None,
    ) -> None:
        """Add a result; one more of a case that is known is its next."""
        self._seen[suite, case] += 1
        self.results.append(
            Result(
                record=self.n_read + 1,
                suite=suite,
                case=case,
                number=self._seen[suite, case],
                result=result,
                seconds=self._seconds(seconds),
                at=at,
            )
        )

    def refuse(self, reason: str, message: str) -> None:
        """Count a record that is no result."""
        self.refused.append((self.n_read + 1, reason, message))

    def told_apart(self, suite: str, mark: str | None) -> str:
        """Return a suite's name, numbered where suites of this name ran in several places.

        `mark` tells the places apart (a machine or browser) and is not shown: results of one case
        in two of them are no retries of each other.
        """
        known = self._marks.setdefault(suite, {})
        number = known.setdefault(mark or "", len(known) + 1)
        return suite if number == 1 else f"{suite} ({number})"

    def _seconds(self, text: str | None) -> float | None:
        if not text or not text.strip():
            return None
        seconds = seconds_of(text)
        if seconds is None:
            self.notes[f"durations can't be read as seconds, such as {text.strip()[:40]!r}"] += 1
        return seconds


class Reader(Protocol):
    """Takes the results out of a report of one form, element by element."""

    def take(self, element: Element, around: list[Element]) -> bool:
        """Take what an element tells; return whether it is done with."""

    def finish(self) -> None:
        """Add what only the end of the report completes."""


def seconds_of(text: str) -> float | None:
    """Return a duration (`1.5`, `1,234.5`, `0,5`, `00:00:01.5`) in seconds; None: it is none.

    One that may mean a thousand or one (`1,234`) is not known.
    """
    text = text.strip()
    span = _SPAN.fullmatch(text)
    if span:
        days, hours, minutes, seconds = span.groups()
        return int(days or 0) * 86_400 + int(hours) * 3_600 + int(minutes) * 60 + float(seconds)
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(text) and not _EITHER.fullmatch(text):
        text = text.replace(",", ".")
    return float(text) if _PLAIN.fullmatch(text) else None


def full_name(of: str | None, name: str | None) -> str | None:
    """Return a case's name with that of its class before it, once."""
    if of and name and not name.startswith(f"{of}."):
        return f"{of}.{name}"
    return name or of or None


def file_name(path: str | None) -> str:
    """Return the last part of a path of any system; its folders may name a person."""
    return PureWindowsPath((path or "").strip()).name


def nearest(elements: list[Element], *names: str) -> str | None:
    """Return an attribute of the innermost of some elements that has it, by the first name."""
    for element in reversed(elements):
        for name in names:
            if element.attributes.get(name, "").strip():
                return element.attributes[name].strip()
    return None


def by_words(found: str | None, words: Mapping[str, str]) -> str | None:
    """Return what a tool's word means, in any case of letters; one that is not known stays."""
    return words.get((found or "").strip().lower(), found)
