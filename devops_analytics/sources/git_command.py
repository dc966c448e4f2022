"""Running git on a clone that is not trusted: its own settings, hooks and network stay out."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, cast

from devops_analytics.errors import ExportError

_SETTINGS: Final = (
    # A clone on a share or in a container belongs to someone else; nothing of it is executed.
    "safe.directory=*",
    "safe.bareRepository=all",
    "log.showSignature=false",
    "core.quotePath=false",
    "core.attributesFile=",
    "core.fsmonitor=false",
    "mailmap.file=",
    "diff.renameLimit=1000",
    "color.ui=false",
)
_ENVIRONMENT: Final = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    # Before git 2.45 only a ban on every protocol keeps a partial clone from fetching.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    # Otherwise git writes every commit on its own into a pipe, and wakes up the reader.
    "GIT_FLUSH": "0",
    # What a sha names must not depend on the machine that it is read on.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
}
_BLOCK: Final = 1 << 21
_PIPE: Final = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Clone:
    """A clone on disk.

    `label` names it to users. `boundary` are the shas at which a shallow clone was cut off: git
    shows them without parents. `settings` are further git settings for reading it. `mailmap`
    identifies the content of its `.mailmap`.
    """

    path: Path
    label: str
    is_shallow: bool
    boundary: frozenset[str]
    settings: tuple[str, ...] = ()
    mailmap: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """What a git process printed, its exit code, and the last line of its complaint."""

    code: int
    output: bytes
    complaint: str


def open_clone(path: Path, label: str) -> Clone:
    """Look at a clone and return what must be known to read it.

    Raises:
        ExportError: there is nothing at the path, it is no clone, it is a folder inside one, or
            git is not installed.
    """
    if not path.exists():
        raise ExportError(
            f"{label}: no such folder: {path}. Give the path of a git clone, relative to the "
            "folder of the settings file."
        )
    if not path.is_dir():
        raise ExportError(f"{label}: {path} is a file; a git clone is a folder.")
    asked = run(
        Clone(path=path, label=label, is_shallow=False, boundary=frozenset()),
        *("rev-parse", "--is-inside-work-tree", "--is-shallow-repository", "--show-prefix"),
        *("--git-dir", "--git-path", "shallow"),
    )
    if asked.code != 0:
        raise ExportError(
            f"{label}: {path} is not a git clone that can be read (git says: {asked.complaint}). "
            "Clone the repository with `git clone`, or correct the path."
        )
    inside, shallow, *prefix, git_dir, shallow_file, _ = os.fsdecode(asked.output).split("\n")
    is_top = not any(prefix) if inside == "true" else git_dir == "."
    if not is_top:
        raise ExportError(
            f"{label}: {path} is only a folder inside a git clone. Give the clone's own folder; "
            "a part of it is named by a service's `path` in the settings."
        )
    boundary = _boundary(path / shallow_file) if shallow == "true" else frozenset[str]()
    return _with_mailmap(
        Clone(path=path, label=label, is_shallow=shallow == "true", boundary=boundary)
    )


def _boundary(file: Path) -> frozenset[str]:
    return frozenset(file.read_text(encoding="ascii").split())


def _with_mailmap(clone: Clone) -> Clone:
    """Take `.mailmap` from HEAD, so that a bare clone and one with files agree.

    A partial clone may lack the file; git would stop at it, so it is then told of none.
    """
    blob = answer(clone, "rev-parse", "--quiet", "--verify", "HEAD:.mailmap")
    if blob is not None and answer(clone, "cat-file", "-e", blob) is None:
        blob = None
    file = clone.path / ".mailmap"
    own = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    setting = f"mailmap.blob={'HEAD:.mailmap' if blob else 'refs/none'}"
    return replace(clone, settings=(setting,), mailmap=f"{blob or ''} {own}")


def run(clone: Clone, *arguments: str, stdin: str = "") -> Finished:
    """Run git on a clone and return what it printed, whatever its exit code.

    Raises:
        ExportError: git is not installed.
    """
    with _started(clone, arguments, stdin) as (stdout, end):
        output = stdout.read()
        code, complaint = end()
    return Finished(code=code, output=output, complaint=complaint)


def answer(clone: Clone, *arguments: str) -> str | None:
    """Return what git answers to a question, None where it has no answer."""
    finished = run(clone, *arguments)
    return os.fsdecode(finished.output).strip() if finished.code == 0 else None


def output_of(clone: Clone, *arguments: str, stdin: str = "") -> bytes:
    """Return what git prints.

    Raises:
        ExportError: git is not installed, or it failed.
    """
    finished = run(clone, *arguments, stdin=stdin)
    _check(clone, finished.code, finished.complaint)
    return finished.output


def records(clone: Clone, *arguments: str, fields: int, stdin: str) -> Iterator[bytes]:
    """Yield git's output in blocks of whole records while git is still running.

    A record is `fields` values, each ended by a NUL: no value can hold one, so whatever else a
    commit message holds, the values stay apart. A block comes without its last NUL.

    Raises:
        ExportError: git is not installed, or it failed; some blocks may have been yielded.
    """
    rest = b""
    with _started(clone, arguments, stdin) as (stdout, end_of_process):
        while block := stdout.read(_BLOCK):
            rest += block
            end = _end_of_records(rest, fields)
            if end >= 0:
                yield rest[:end]
                rest = rest[end + 1 :]
        _check(clone, *end_of_process())


def _end_of_records(block: bytes, fields: int) -> int:
    """Return where the NUL stands that ends the last whole record, -1 if there is none."""
    n_values = block.count(b"\0")
    if n_values < fields:
        return -1
    end = len(block)
    for _ in range(n_values % fields + 1):
        end = block.rindex(b"\0", 0, end)
    return end


@contextmanager
def _started(
    clone: Clone, arguments: tuple[str, ...], stdin: str
) -> Iterator[tuple[IO[bytes], Callable[[], tuple[int, str]]]]:
    """Start git; give its output and a function that waits for exit code and last complaint."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    with tempfile.TemporaryFile() as questions, tempfile.TemporaryFile() as complaints:
        questions.write(stdin.encode())
        questions.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
                _command(clone, arguments),
                stdin=questions,
                stdout=subprocess.PIPE,
                stderr=complaints,
                pipesize=_PIPE,
                env=kept | _ENVIRONMENT,
            )
        except OSError as error:
            raise ExportError(
                f"{clone.label}: git could not be started ({error.strerror}). Install git so that "
                "it is on the PATH, or export the commits to a file and read it as a table."
            ) from error
        with process:
            try:
                yield cast("IO[bytes]", process.stdout), lambda: _end(process, complaints)
            except BaseException:
                process.kill()
                raise


def _command(clone: Clone, arguments: tuple[str, ...]) -> list[str]:
    settings = [word for setting in (*_SETTINGS, *clone.settings) for word in ("-c", setting)]
    return ["git", "--no-pager", "-C", str(clone.path), *settings, *arguments]


def _end(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> tuple[int, str]:
    code = process.wait()
    complaints.seek(0)
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return code, (fatal or lines or ["nothing"])[-1]


def _check(clone: Clone, code: int, complaint: str) -> None:
    if code != 0:
        raise ExportError(
            f"{clone.label}: git could not read the history (exit code {code}: {complaint}). "
            f"Look at it with `git -C {clone.path} fsck`, or clone the repository again."
        )
