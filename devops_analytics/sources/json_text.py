"""JSON of unknown origin, decoded: whatever is wrong with it is one error."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


def decoded(data: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Return JSON as a type.

    Raises:
        msgspec.DecodeError: it is no JSON, not of this type, no text, or nested without end.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError("JSON is no UTF-8 text") from error
    except RecursionError as error:
        raise msgspec.DecodeError("JSON is nested too deeply") from error
