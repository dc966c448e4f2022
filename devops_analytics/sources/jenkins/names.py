"""What addresses and display names say of a build: its job, its number, its part of a matrix."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote

_VIEW: Final = re.compile(r"/view/[^/]+(?=/(?:job|view)/)")
_JOBS: Final = re.compile(r"(?:/job/[^/]+)++")
_BUILD: Final = re.compile(r"(?:/(?P<part>[^/]+))?/(?P<number>\d{1,18})(?:/|$)")
_JOB: Final = re.compile(r"/job/([^/]+)")
_NODE: Final = re.compile(r"/execution/node/(\d+)/")
_REMOTE: Final = re.compile(r"^(?:refs/)?remotes/[^/]+/|^refs/(?:heads|tags)/|^origin/")
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_SEPARATOR: Final = " » "


class Place(NamedTuple):
    """A build: its job with the folders that it lies in, its number, and which part of it."""

    job: str
    number: int
    part: str | None = None
    """A configuration of a matrix, or a module; None: the build as a whole."""

    @property
    def run_id(self) -> str:
        """The id of the run that the build is, or is a part of."""
        return f"{self.job}#{self.number}"


def place_of_url(url: str | None) -> Place | None:
    """Return the build that an address of it, or of something in it, names."""
    path = _VIEW.sub("", f"/{(url or '').partition('?')[0].lstrip('/')}")
    for jobs in _JOBS.finditer(path):
        found = _BUILD.match(path, jobs.end())
        if found is not None:
            job = "/".join(unquote(name) for name in _JOB.findall(jobs[0]))
            part = unquote(found["part"]) if found["part"] else None
            return Place(job, int(found["number"]), part)
    return None


def job_of_url(url: str | None) -> str | None:
    """Return the full name of the job that an address leads to."""
    jobs = _JOB.findall(_VIEW.sub("", f"{url or ''}/"))
    return "/".join(unquote(name) for name in jobs) or None


def node_of_url(url: str | None) -> str | None:
    """Return the step of a build that an address names."""
    found = _NODE.search(url or "")
    return found[1] if found else None


def place_of_name(full: str | None, shown: str | None, number: int | None) -> Place | None:
    """Return the build that a name such as `folder » job #31` names.

    `shown` is what the build itself is called, where it has another name than its number.
    """
    ends = [f" {shown}"] if shown else []
    ends += [f" #{number}"] if number is not None else []
    job = next((full.removesuffix(end) for end in ends if full and full.endswith(end)), None)
    if not job or number is None:
        return None
    names = job.split(_SEPARATOR)
    is_part = len(names) > 1 and "=" in names[-1]
    return Place("/".join(names[:-1] if is_part else names), number, names[-1] if is_part else None)


def branch_name(said: str | None) -> str | None:
    """Return a branch or tag without the remote it was fetched from; None: none was checked out."""
    name = _REMOTE.sub("", (said or "").strip())
    return None if name in {"", "detached", "HEAD"} else name


def filled_in(text: str, values: Mapping[str, str]) -> str | None:
    """Return a text with the build's parameters in place of `$NAME`; None: one is not known."""
    names = {name for pair in _VARIABLE.findall(text) for name in pair if name}
    if not names <= values.keys():
        return None
    return _VARIABLE.sub(lambda found: values[found[1] or found[2]], text)
