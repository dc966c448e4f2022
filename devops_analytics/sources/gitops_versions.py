"""Versions in YAML files: found by a dotted path, and compared as what they deploy."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple

from devops_analytics.errors import ExportError

ANY: Final = "*"
MOST: Final = 1_000
"""Most versions taken from one file; a hundred times as many places are looked at."""

_VERSION: Final = re.compile(r"[^\s{}$]{1,300}")
"""What can be a version: no sentence, and nothing that is still to be filled in."""
_DOTS: Final = re.compile(r"(?<!\\)\.")
_COMMIT: Final = re.compile(r"(?:.*-)?(?P<sha>[0-9a-f]{40})", re.IGNORECASE)
_IMAGES: Final = ("repository", "newName", "image", "chart", "name")
"""Keys beside a version that say what it is a version of; the first one that is there."""


class Version(NamedTuple):
    """What a file says is to run: the text, the image beside it, and the text's own parts."""

    text: str
    beside: str | None
    image: str | None
    tag: str | None
    digest: str | None

    @property
    def artifact(self) -> str:
        """The image with its tag, as far as the file names them."""
        return f"{self.beside}:{self.text}" if self.beside else self.text

    @property
    def sha(self) -> str | None:
        """The commit that a tag like `release-<40 hex>` names, in lower case."""
        found = _COMMIT.fullmatch(self.tag or "")
        return found["sha"].lower() if found else None

    @property
    def ref(self) -> str | None:
        """The tag or version, unless it is nothing but a commit's id."""
        return None if self.sha == (self.tag or "").lower() else self.tag

    def is_other(self, before: "Version") -> bool:
        """Say whether something else is deployed than before.

        Pinning a tag to its digest, or pulling the same image from another registry, isn't.
        """
        if self.tag != before.tag:
            return True
        if self.digest and before.digest and self.digest != before.digest:
            return True
        return bool(self.image and before.image and self.image != before.image)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a version stands: its concrete path, and what the first `*` stood for."""

    path: tuple[str, ...]
    named: str | None
    version: Version


def places(documents: list[Any], key: str) -> list[Place]:
    r"""Return the versions at a dotted path in the documents of a file.

    `*` stands for any key or item; an item is called by its `name` where it has one. A dot that
    belongs to a key is written `\.`.

    Raises:
        ExportError: there are so many that the path can't be meant.
    """
    steps = tuple(step.replace("\\.", ".") for step in _DOTS.split(key))
    found: list[Place] = []
    for number, document in enumerate(documents):
        start = (f"#{number}",) if number else ()
        for n_seen, place in enumerate(_walk(document, steps, start, None, None)):
            if place is not None:
                found.append(place)
            if len(found) > MOST or n_seen > 100 * MOST:
                raise ExportError(f"more than {MOST} versions at {key!r}.")
    return found


def _walk(
    value: Any,
    steps: tuple[str, ...],
    path: tuple[str, ...],
    named: str | None,
    parent: dict[str, Any] | None,
) -> Iterator[Place | None]:
    """Yield the versions below a value, and None for every place that was looked at in vain."""
    if not steps:
        text = value.strip() if isinstance(value, str) else ""
        yield _place(text, path, named, parent) if _VERSION.fullmatch(text) else None
        return
    yield None
    step, rest = steps[0], steps[1:]
    for name, inner in _children(value, step):
        called = named if step != ANY or named is not None else name
        within = value if isinstance(value, dict) else None
        yield from _walk(inner, rest, (*path, name), called, within)


def _children(value: Any, step: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        if step == ANY:
            yield from value.items()
        elif step in value:
            yield step, value[step]
    elif isinstance(value, list):
        items: Iterable[tuple[int, Any]] = enumerate(value)
        if step != ANY:
            at = int(step) if step.isdecimal() and len(step) < len(str(MOST)) else len(value)
            items = islice(items, at, at + 1)
        for number, item in items:
            name = item.get("name") if isinstance(item, dict) else None
            yield name if isinstance(name, str) and name else f"[{number}]", item


def _place(
    text: str, path: tuple[str, ...], named: str | None, parent: dict[str, Any] | None
) -> Place:
    beside = next(
        (
            image
            for key in _IMAGES
            if key != path[-1]
            and isinstance(image := (parent or {}).get(key), str)
            and image
            and "://" not in image
        ),
        None,
    )
    version = _version(text, beside, is_image=path[-1] == "image")
    # What is not called by a name can't name a service either.
    return Place(
        path=path, named=None if (named or "[").startswith("[") else named, version=version
    )


def _version(text: str, beside: str | None, *, is_image: bool) -> Version:
    """Take `registry:5000/shop/web:v2@sha256:…` apart; what is no image is a tag or version."""
    if not is_image and ":" not in text and "@" not in text:
        return Version(text=text, beside=beside, image=None, tag=text, digest=None)
    name, _, digest = text.partition("@")
    image, _, tag = name.rpartition("/")[2].partition(":")
    if ":" not in digest:
        # No checksum but a version, as in `shop/web@v2`.
        tag, digest = digest or tag, ""
    return Version(text=text, beside=None, image=image, tag=tag or None, digest=digest or None)
