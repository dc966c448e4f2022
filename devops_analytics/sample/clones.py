"""Histories become real bare clones, written with `git fast-import`."""

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from devops_analytics.errors import DevopsAnalyticsError
from devops_analytics.sample.history import MAIN, Commit, History, Tag
from devops_analytics.sample.organisation import PIPELINE_BOT, Person
from devops_analytics.sample.workdays import ZONE

_BLOBS_FROM: Final = 1_000_000
_DELETED: Final = "0" * 40


def write_clone(history: History, folder: Path) -> Mapping[int, str]:
    """Write a history as a bare clone and return the sha of each commit's mark.

    Raises:
        DevopsAnalyticsError: git is not installed, or could not write.
    """
    marks = folder / "marks"
    _git("init", "--quiet", "--bare", f"--initial-branch={MAIN}", "--template=", str(folder))
    with _fast_import(folder, marks) as process:
        if process.stdin is None or process.stdout is None:
            raise DevopsAnalyticsError("git fast-import gave no pipes.")
        for line in _blobs(history.commits):
            process.stdin.write(line)
        _commits(history.commits, process.stdin, process.stdout)
        for line in _refs(history):
            process.stdin.write(line)
        process.stdin.close()
        process.stdout.read()
        error = process.stderr.read().decode() if process.stderr else ""
    if process.returncode != 0:
        raise DevopsAnalyticsError(
            f"{folder}: git fast-import stopped with {process.returncode}: {error.strip()}"
        )
    shas = {
        int(mark[1:]): sha
        for mark, sha in (line.split() for line in marks.read_text().splitlines())
    }
    marks.unlink()
    return shas


def _environment() -> dict[str, str]:
    """Return an environment in which no setting of the user's changes what git writes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {
        **kept,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_DEFAULT_HASH": "sha1",
    }


def _git(*arguments: str) -> None:
    try:
        subprocess.run(  # noqa: S603 - fixed arguments, no shell
            ["git", *arguments],  # noqa: S607 - the user's own git
            check=True,
            capture_output=True,
            env=_environment(),
        )
    except FileNotFoundError as error:
        raise DevopsAnalyticsError(
            "git is not installed, and the sample has real clones. Install git and try again."
        ) from error
    except subprocess.CalledProcessError as error:
        raise DevopsAnalyticsError(
            f"git {arguments[0]} stopped with {error.returncode}: {error.stderr.decode().strip()}"
        ) from error


def _fast_import(folder: Path, marks: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - fixed arguments, no shell
        [  # noqa: S607 - the user's own git
            "git",
            f"--git-dir={folder}",
            "-c",
            "fastimport.unpackLimit=1",
            "fast-import",
            "--quiet",
            "--date-format=raw",
            f"--export-marks={marks}",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
    )


def _blob_marks(commits: Iterable[Commit]) -> Iterator[tuple[int, str, str]]:
    """Yield mark, path and content of every version of a file, in the commits' order."""
    number = _BLOBS_FROM
    for commit in commits:
        for path, content in commit.files.items():
            yield number, path, content
            number += 1


def _blobs(commits: Iterable[Commit]) -> Iterator[bytes]:
    """Yield the files' contents, all versions of one path together.

    fast-import stores a blob as its difference from the one before: a fifth of the size.
    """
    versions = sorted(_blob_marks(commits), key=lambda version: (version[1], version[0]))
    for mark, _, content in versions:
        yield b"blob\nmark :%d\n%b" % (mark, _data(content))


def _data(text: str) -> bytes:
    content = text.encode()
    return b"data %d\n%b\n" % (len(content), content)


def _commits(commits: Iterable[Commit], stdin: IO[bytes], stdout: IO[bytes]) -> None:
    number = _BLOBS_FROM
    for commit in commits:
        message = commit.message
        if commit.reverts is not None:
            message = message.replace("{sha}", _sha(commit.reverts, stdin, stdout))
        lines = [
            f"commit refs/heads/{commit.branch}",
            f"mark :{commit.mark}",
            f"author {_signature(commit.author, commit.authored_at)}",
            f"committer {_signature(commit.committer, commit.committed_at)}",
        ]
        stdin.write("\n".join(lines).encode() + b"\n" + _data(message))
        for index, parent in enumerate(commit.parents):
            stdin.write(f"{'merge' if index else 'from'} :{parent}\n".encode())
        for path in commit.files:
            stdin.write(f"M 100644 :{number} {path}\n".encode())
            number += 1
        stdin.write(b"\n")


def _sha(mark: int, stdin: IO[bytes], stdout: IO[bytes]) -> str:
    """Ask for the sha of a commit that is already written."""
    stdin.write(b"get-mark :%d\n" % mark)
    stdin.flush()
    return stdout.readline().decode().strip()


def _signature(person: Person, at: datetime) -> str:
    offset = at.astimezone(ZONE).strftime("%z")
    return f"{person.name} <{person.address}> {int(at.timestamp())} {offset}"


def _refs(history: History) -> Iterator[bytes]:
    """Yield what makes the tags, and what deletes the branches that were merged."""
    for tag in history.tags:
        yield _tag(tag)
    branches = {commit.branch for commit in history.commits} - history.open_branches - {MAIN}
    for branch in sorted(branches):
        yield f"reset refs/heads/{branch}\nfrom {_DELETED}\n\n".encode()


def _tag(tag: Tag) -> bytes:
    if tag.made_at is None:
        return f"reset refs/tags/{tag.name}\nfrom :{tag.mark}\n\n".encode()
    tagger = _signature(PIPELINE_BOT, tag.made_at)
    return f"tag {tag.name}\nfrom :{tag.mark}\ntagger {tagger}\n".encode() + _data(
        f"Release {tag.name}\n"
    )
