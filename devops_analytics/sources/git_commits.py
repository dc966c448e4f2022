"""Commits of a clone from one `git log`, parsed while git still runs; a second load reads on."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import polars as pl

from devops_analytics.config import Settings
from devops_analytics.errors import ExportError
from devops_analytics.schema_columns import TIME
from devops_analytics.sources.git_command import Clone, records
from devops_analytics.sources.hotfixes import hotfixes_of, subject_kind
from devops_analytics.sources.people import are_bots, pseudonyms
from devops_analytics.text import filled

_FORMAT: Final = "%H%x00%P%x00%at%x00%ct%x00%aN%x00%aE%x00%s%x00%b"
_FIELDS: Final = ("sha", "parents", "authored", "committed", "name", "address", "subject", "body")
_EARLIEST: Final = 631_152_000
_LATEST: Final = 4_133_980_799
"""The first second of 1990 and the last of 2100: what is beyond is a broken clock, not a time."""

_CHANGE_IN_SUBJECT: Final = (
    r"^(?:Merge pull request #|Merged PR )(\d+)\b",
    r"\((?:pull request )?#(\d+)\)$",
)
_CHANGE_IN_BODY: Final = r"(?m)^See merge request \S*!(\d+)\s*$"
_REVERTED: Final = r"This reverts commit ([0-9a-f]{7,64})\b"

SCHEMA: Final = {
    "sha": pl.String(),
    "parents": pl.List(pl.String()),
    "author": pl.String(),
    "is_bot": pl.Boolean(),
    "authored_at": TIME,
    "committed_at": TIME,
    "is_merge": pl.Boolean(),
    "reverts": pl.String(),
    "change_id": pl.String(),
    "subject_kind": pl.String(),
}


def log(
    clone: Clone, tips: Sequence[str], settings: Settings, without: Sequence[str] = ()
) -> pl.DataFrame:
    """Return the commits that can be reached from `tips` and not from `without`, as `SCHEMA`.

    `author` is a pseudonym: names go no further than this, as commits are kept. It is made of
    what `.mailmap` says; `reverts` is the sha as the message has it. Times are null where git
    knows none; parents and is_merge are null where a shallow clone was cut off.

    Raises:
        ExportError: git failed.
    """
    questions = [*tips, *(f"^{sha}" for sha in without)]
    blocks = records(
        clone,
        *("log", "-z", "--stdin", "--encoding=UTF-8", f"--format={_FORMAT}"),
        fields=len(_FIELDS),
        stdin="".join(f"{question}\n" for question in questions),
    )
    with ThreadPoolExecutor(max_workers=1) as parser:
        parsed = [parser.submit(_parsed, block, clone.boundary, settings) for block in blocks]
    return pl.concat([pl.DataFrame(schema=SCHEMA), *(future.result() for future in parsed)])


def _parsed(block: bytes, boundary: frozenset[str], settings: Settings) -> pl.DataFrame:
    values = _text(block).str.split("\0").explode()
    read = pl.DataFrame(
        {name: values.gather_every(len(_FIELDS), i) for i, name in enumerate(_FIELDS)}
    )
    authors = read.select(_identity()).to_series()
    hotfixes = hotfixes_of(settings)
    subjects = read["subject"].to_list()
    parents = (
        pl.when(pl.col("parents") != "")
        .then(pl.col("parents").str.split(" "))
        .otherwise(pl.lit([], dtype=pl.List(pl.String)))
    )
    changes = [pl.col("subject").str.extract(pattern) for pattern in _CHANGE_IN_SUBJECT]
    return read.with_columns(parents=pl.when(~pl.col("sha").is_in(boundary)).then(parents)).select(
        "sha",
        "parents",
        author=pseudonyms(authors, settings.people.salt),
        is_bot=are_bots(authors, settings.people.bot_patterns),
        authored_at=utc("authored"),
        committed_at=utc("committed"),
        is_merge=pl.col("parents").list.len() > 1,
        reverts=pl.col("body").str.extract(_REVERTED),
        change_id=pl.coalesce(*changes, pl.col("body").str.extract(_CHANGE_IN_BODY)),
        subject_kind=pl.Series(
            [subject_kind(subject, hotfixes) for subject in subjects], dtype=pl.String
        ),
    )


def _text(block: bytes) -> pl.Series:
    """Return bytes as text; the few blocks that are no UTF-8 take the longer way."""
    try:
        return pl.Series([block]).cast(pl.String)
    except pl.exceptions.PolarsError:
        return pl.Series([block.decode("utf-8", "replace")])


def _identity() -> pl.Expr:
    """Return "name <address>", the name alone where there is no address, null without both."""
    name, address = pl.col("name").str.strip_chars(), pl.col("address").str.strip_chars()
    whole = pl.when(address != "").then(filled("{} <{}>", name, address)).otherwise(name)
    return pl.when(whole != "").then(whole)


def utc(column: str) -> pl.Expr:
    """Return the times that a column of epoch seconds (as text) means, null where it is none."""
    seconds = pl.col(column).cast(pl.Int64, strict=False)
    plausible = pl.when(seconds.is_between(_EARLIEST, _LATEST)).then(seconds)
    return (plausible * 1_000_000).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def log_since(
    clone: Clone, tips: Sequence[str], settings: Settings, known: pl.DataFrame
) -> pl.DataFrame | None:
    """Return the commits from `tips` by reading only those that are not yet `known`.

    `known` is what was read once from other tips. None: some of it is gone from the history, so
    all must be read again.
    """
    parents = known["parents"].explode().drop_nulls()
    heads = known.filter(~pl.col("sha").is_in(parents.implode()))["sha"]
    fresh = sorted(set(tips).difference(known["sha"]))
    newer = pl.DataFrame(schema=SCHEMA)
    if fresh:  # Asked for nothing, git would answer for HEAD.
        try:
            newer = log(clone, fresh, settings, without=heads.to_list())
        except ExportError:
            return None
    # A head has no child among the known, so a tip that reaches it is it, or comes through a
    # commit that was read just now.
    reached = {*tips, *newer["parents"].explode().drop_nulls()}
    if not reached.issuperset(heads):
        return None
    return pl.concat([newer, known]).unique("sha", keep="first", maintain_order=True)
