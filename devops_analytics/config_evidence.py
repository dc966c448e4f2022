"""The `[[sources]]` entries of scanners, bills of materials, people, and other stores."""

from typing import Literal

from devops_analytics.config_sources import (
    InRepository,
    InZone,
    MappedSource,
    Pattern,
    Section,
    SourceBase,
)


class Dated(InZone):
    """What an entry says whose reports may not say when they were made."""

    repository: str | None = None
    """The repository's name, where the reports don't say."""
    time: Pattern | None = None
    """Takes the time out of a report's path, where it says none itself: group `time`, else the
    whole match. A date alone is a day in `time_zone`, or in UTC.
    """


class DatedArtifact(Dated):
    """What an entry says whose reports describe an artifact by a name of its own."""

    repository: str | None = None
    """The repository's name; without it, the name of what the report describes."""


# ---- Scanners ---- #


class SarifSource(Dated):
    """SARIF 2.1.0: findings of scanners."""

    kind: Literal["sarif"]


class SbomSource(DatedArtifact):
    """Bills of materials: CycloneDX (JSON, XML) and SPDX (JSON, tag-value)."""

    kind: Literal["sbom"]


class OpenvexSource(InRepository):
    """OpenVEX statements."""

    kind: Literal["openvex"]
    repository: str | None = None
    """The repository's name; without it, the product that a statement is about."""


class ScorecardSource(InRepository):
    """OpenSSF Scorecard results as JSON."""

    kind: Literal["scorecard"]


class SonarqubeSource(InRepository):
    """SonarQube: issues and hotspots as JSON."""

    kind: Literal["sonarqube"]
    repository: str | None = None
    """The repository's name; without it, the key of the project."""


class TrivySource(DatedArtifact):
    """Trivy: reports as JSON."""

    kind: Literal["trivy"]
    scanners: list[Literal["vuln", "misconfig", "secret", "license"]] = []
    """What every report looked for (`--scanners`), as it does not say so itself; empty: what it
    has results of. Only what was looked for and not found is known to be fixed.
    """


# ---- People ---- #


class Item(Section):
    """An item (question) of a survey."""

    column: str
    """The question as the export writes it: a column (wide) or a value of the item column (long).
    """
    scale: str = "1-7"
    """The scale of the answers, as lowest-highest."""
    values: dict[str, float] = {}
    """The answer's label (any case) → its number; labels that are not here are not known."""


class SurveySource(InZone):
    """A survey as CSV or Excel, wide or long; answers are coded by label, never by position."""

    kind: Literal["survey"]
    wave: str = ""
    """The wave's name, such as `2026-spring`, where no column names it."""
    wave_column: str | None = None
    """The column that names the wave."""
    items: dict[str, Item] = {}
    """Item id → where its answers are and how they are coded; what is not here is not read."""
    respondent: str | None = None
    """The column that tells respondents apart; without it, every row is one (wide)."""
    team: str | None = None
    """The column that names the respondent's team, by its key or its name in the settings."""
    at: str | None = None
    """The column that dates the answers; without it, they count from the end of `covers` on."""
    item: str | None = None
    """Long format: the column that names the item."""
    answer: str | None = None
    """Long format: the column that holds the answer."""
    not_known: list[str] = [
        "don't know",
        "do not know",
        "n/a",
        "not applicable",
        "prefer not to say",
    ]
    """Answers (any case) that say nothing: they count as missing."""
    time_format: str | None = None
    """How times are written, in strptime's signs, where they are not ISO 8601."""
    sheet: str | None = None
    """The sheet of a workbook; without it, the first."""


class AttestationsSource(InZone):
    """Attestations as CSV or TOML."""

    kind: Literal["attestations"]


# ---- Other stores ---- #


class DatabaseSource(MappedSource):
    """A query of a database, read only, with a declared column mapping."""

    kind: Literal["database"]
    query: str
    """The SELECT whose rows are read."""


class DevlakeSource(SourceBase):
    """Apache DevLake: its domain tables, as a folder of CSV or Parquet or from its database."""

    kind: Literal["devlake"]
