"""Work that goes on while the next piece is prepared: reading ahead, and judging behind."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def read_ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield items in order, while the next one is already made in another thread."""
    waiting = iter(items)
    with ThreadPoolExecutor(max_workers=1) as thread:
        following = thread.submit(_next_of, waiting)
        while found := following.result():
            following = thread.submit(_next_of, waiting)
            yield found[0]


def _next_of(items: Iterator[T]) -> tuple[T] | None:
    """Return the next item, wrapped; None behind the last."""
    for item in items:
        return (item,)
    return None


def done_behind(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield what the work makes of each item, in order, while the next item is taken.

    At most two items are held at once.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        running: Future[R] | None = None
        for item in items:
            following = thread.submit(work, item)
            if running is not None:
                yield running.result()
            running = following
        if running is not None:
            yield running.result()
