"""Records of JSON exports in every shape that tools and people save API answers in.

An array, one object, a page with its wrapper, JSON lines, pages or arrays one after the other (with
or without a line between them), pretty-printed or not, compressed or not, and cut off anywhere.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from devops_analytics.errors import ExportError
from devops_analytics.sources.compressed import read_content, utf8_text
from devops_analytics.sources.json_text import decoded
from devops_analytics.sources.source import Export

NOT_JSON: Final = "not_json"
TRUNCATED: Final = "truncated_json"
NOT_AN_OBJECT: Final = "not_an_object"
API_ERROR: Final = "api_error"

_SAMPLE: Final = 1 << 20
_SHOWN: Final = 300
_BETWEEN: Final = b" \t\r\n,"
"""What may stand between two values."""
_CUT: Final = "the file ends in the middle of a record; export it again"
_DEEPEST: Final = 3
"""An array of pages of records is as deep as records lie."""
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[][{}"]', re.DOTALL)
"""A whole string, a bracket, or the quote of a string that does not end."""
_ENDS_EARLY: Final = "Input data was truncated"
_INVALID: Final = re.compile(r"invalid (?:character|number) \(byte (\d+)\)")
_VISIBLE: Final = re.compile(rb"\S")
_ID_FIRST: Final = re.compile(rb'\{\s*"id"\s*:')
_LONGEST_ERROR: Final = 10_000
_ERROR_KEYS: Final = frozenset(
    {"message", "documentation_url", "status", "error", "errors", "error_description", "code"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """The records of one file.

    `rows` holds (number, JSON object as bytes); the number is the line where every line holds one
    object, else the position among all records, from 1. `rejected` holds (number, reason, message,
    raw text) of what is no record.
    """

    rows: list[tuple[int, bytes]]
    rejected: list[tuple[int, str, str, str]]


class _Piece(NamedTuple):
    """A record, or, with a reason, a part of the file that is none."""

    offset: int
    raw: bytes
    reason: str | None = None
    detail: str = ""


def read_records(
    path: Export, *, wrappers: tuple[str, ...] = (), encoding: str = "utf-8"
) -> Records:
    """Read every record of a JSON file.

    `wrappers` names the keys that an API's page holds its records under. An object that has an
    `id` is a record, whatever else it holds.

    Raises:
        ExportError: the file is empty, is no JSON (a login page, a wrong encoding), or is the API's
            error instead of its answer.
    """
    content = read_content(path)
    text = utf8_text(path, content.data, encoding)
    _refuse_other_formats(path, text)
    line_wise = _fault(text) is not None and _is_line_wise(text)
    pieces = list(_pieces(text, wrappers, line_wise=line_wise))
    if not content.complete and not (pieces and pieces[-1].reason == TRUNCATED):
        pieces.append(_Piece(len(text), b"", TRUNCATED, "the compressed file ends too early"))
    _refuse_without_records(path, text, pieces)
    records = Records(rows=[], rejected=[])
    lines = _lines(text, pieces)
    numbers = lines if line_wise and len(set(lines)) == len(lines) else range(1, len(lines) + 1)
    for number, line, piece in zip(numbers, lines, pieces, strict=True):
        if piece.reason is None:
            records.rows.append((number, piece.raw))
        else:
            message = f"line {line}, byte {piece.offset + 1}: {piece.detail}"
            raw = piece.raw.decode("utf-8", "replace")
            records.rejected.append((number, piece.reason, message, raw))
    return records


def first_records(path: Export, *, wrappers: tuple[str, ...] = ()) -> list[bytes]:
    """Return the records in the first megabyte of a file; none where it is no JSON."""
    try:
        text = utf8_text(path, read_content(path, limit=_SAMPLE).data, "utf-8")
        _refuse_other_formats(path, text)
    except ExportError:
        return []
    pieces = _pieces(text, wrappers, line_wise=_fault(text) is not None and _is_line_wise(text))
    return [piece.raw for piece in pieces if not piece.reason]


def _refuse_other_formats(path: Export, text: bytes) -> None:
    start = _beginning(text)
    if not start:
        raise ExportError(f"{path}: the file is empty; expected JSON. Export it again.")
    if start.startswith(b"<"):
        raise ExportError(
            f"{path}: expected JSON, found HTML or XML ({_excerpt(start)}). It may be a login page "
            "saved instead of the answer: export it again, signed in."
        )


def _refuse_without_records(path: Export, text: bytes, pieces: list[_Piece]) -> None:
    reasons = {piece.reason for piece in pieces}
    if None in reasons or TRUNCATED in reasons or not reasons:
        return
    for piece in pieces:
        if piece.reason == API_ERROR:
            raise ExportError(
                f"{path}: {piece.detail}. Export it again with access to what is asked for."
            )
    raise ExportError(f"{path}: holds no JSON object; it begins with {_excerpt(_beginning(text))}.")


def _beginning(text: bytes) -> bytes:
    first = _VISIBLE.search(text)
    return text[first.start() : first.start() + _SHOWN] if first else b""


def _excerpt(text: bytes) -> str:
    """Return the beginning of a text for an error, which is shown and not kept."""
    return repr(text[:40].decode("utf-8", "replace"))


_KINDS: Final = {b'"': "a text", b"[": "a list", b"t": "true", b"f": "false", b"n": "null"}


def _kind(value: bytes) -> str:
    """Return what a JSON value is, without what it says: it is kept, and may name anybody."""
    return _KINDS.get(value[:1], "a number")


def _lines(text: bytes, pieces: list[_Piece]) -> list[int]:
    """Return the line, from 1, that each piece begins in."""
    lines: list[int] = []
    line, seen = 1, 0
    for piece in pieces:
        line += text.count(b"\n", seen, piece.offset)
        seen = piece.offset
        lines.append(line)
    return lines


def _pieces(text: bytes, wrappers: tuple[str, ...], *, line_wise: bool) -> Iterator[_Piece]:
    if line_wise:
        yield from _from_lines(text, wrappers)
    elif _fault(text) is None:
        yield from _expanded(text, 0, wrappers, depth=0)
    else:
        yield from _scanned(text, 0, wrappers, depth=0, cut=True)


def _fault(value: bytes) -> str | None:
    """Return what keeps the bytes from being one JSON value; None: nothing."""
    try:
        decoded(value, msgspec.Raw)
    except msgspec.DecodeError as error:
        invalid = _INVALID.search(str(error))
        # Of a number that was cut off, msgspec calls the end invalid.
        return _ENDS_EARLY if invalid and int(invalid[1]) == len(value) else str(error)
    return None


def _reason(fault: str | None) -> str:
    """Return whether bytes that stand at the end of a file were cut off or are no JSON."""
    return TRUNCATED if fault in {None, _ENDS_EARLY} else NOT_JSON


# ---- VALUES THAT ARE WHOLE ---- #


def _expanded(
    value: bytes, offset: int, wrappers: tuple[str, ...], *, depth: int
) -> Iterator[_Piece]:
    """Yield the records of a JSON value: itself, or those of the array or page that it is."""
    value = value.strip()
    if value.startswith(b"[") and depth < _DEEPEST:
        items: list[bytes] | None = _items(value)
    elif value.startswith(b"{"):
        items = _page_items(value, wrappers) if depth < _DEEPEST else None
        if items is None:
            error = _api_error(value)
            yield _Piece(offset, value, API_ERROR if error else None, error or "")
            return
    else:
        yield _Piece(offset, value, NOT_AN_OBJECT, f"expected an object, found {_kind(value)}")
        return
    for item in items or ():
        yield from _expanded(item, offset, wrappers, depth=depth + 1)


def _items(array: bytes) -> list[bytes]:
    return [bytes(item) for item in msgspec.json.decode(array, type=list[msgspec.Raw])]


def _fields(value: bytes) -> dict[str, msgspec.Raw]:
    try:
        return msgspec.json.decode(value, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:  # a key that is no text
        return {}


def _page_items(value: bytes, wrappers: tuple[str, ...]) -> list[bytes] | None:
    # Most records begin with their id, and looking through each of them for wrappers takes long.
    if _ID_FIRST.match(value) or not any(f'"{wrapper}"'.encode() in value for wrapper in wrappers):
        return None
    fields = _fields(value)
    if "id" in fields:
        return None
    found = [bytes(fields[wrapper]).strip() for wrapper in wrappers if wrapper in fields]
    if not found or not all(held.startswith((b"[", b"{", b"null")) for held in found):
        return None
    items: list[bytes] = []
    for held in found:
        if held.startswith(b"["):
            items.extend(_items(held))
        elif held.startswith(b"{"):
            items.append(held)
    return items


def _api_error(value: bytes) -> str | None:
    if len(value) > _LONGEST_ERROR or not (b'"message"' in value or b'"error"' in value):
        return None
    fields = _fields(value)
    if not fields or not fields.keys() <= _ERROR_KEYS:
        return None
    if not fields.keys() & {"documentation_url", "error", "errors"} and set(fields) != {"message"}:
        return None
    answer = value[:_SHOWN].decode("utf-8", "replace")
    return f"the API answered with an error instead of records: {answer}"


# ---- LINES ---- #


def _split(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that hold anything, with their offsets."""
    start = 0
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end].rstrip()
        if line:
            yield start, line
        start = end + 1


def _is_line_wise(text: bytes) -> bool:
    """Say whether some line is an object or array of its own, as no other shape has it."""
    if b"\n" not in text or next(_split(text))[1].strip() in {b"{", b"["}:
        return False
    return any(line[:1] in {b"{", b"["} and _fault(line) is None for _, line in _split(text))


def _from_lines(text: bytes, wrappers: tuple[str, ...]) -> Iterator[_Piece]:
    for offset, line in _split(text):
        if _fault(line) is None:
            yield from _expanded(line, offset, wrappers, depth=0)
        else:
            cut = text.find(b"\n", offset + len(line)) < 0
            yield from _scanned(line, offset, wrappers, depth=0, cut=cut)


# ---- VALUES ONE AFTER THE OTHER, THE LAST MAYBE CUT OFF ---- #


def _scanned(
    text: bytes, offset: int, wrappers: tuple[str, ...], *, depth: int, cut: bool
) -> Iterator[_Piece]:
    """Yield the records of values that follow each other.

    `cut` says that the text may end in the middle of a value; whatever follows the last whole one
    then is one piece.
    """
    end = 0
    for start, stop in _values(text):
        between = text[end:start].strip(_BETWEEN)
        if between:
            found = f"found {len(between):,} bytes that are no JSON"
            yield _Piece(offset + end, between, NOT_JSON, found)
        value = text[start:stop]
        if _fault(value) is None:
            yield from _expanded(value, offset + start, wrappers, depth=depth)
        else:
            yield from _salvaged(value, offset + start, wrappers, depth=depth, cut=False)
        end = stop
    rest = text[end:].lstrip(_BETWEEN)
    start = len(text) - len(rest)
    if rest.startswith((b"[", b"{")):
        yield from _salvaged(rest, offset + start, wrappers, depth=depth, cut=cut)
    elif rest:
        yield _broken(rest, offset + start, _fault(rest), cut=cut)


def _values(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield start and end of every object and array whose brackets are closed."""
    depth = start = 0
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in {b"{", b"["}:
            start = start if depth else token.start()
            depth += 1
        elif sign in {b"}", b"]"} and depth:
            depth -= 1
            if not depth:
                yield start, token.end()
        elif sign == b'"':
            return


def _salvaged(
    value: bytes, offset: int, wrappers: tuple[str, ...], *, depth: int, cut: bool
) -> Iterator[_Piece]:
    """Yield the whole records in an array or page that is damaged or cut off, then the rest."""
    fault = _fault(value)
    inside = _inside(value, wrappers) if depth < _DEEPEST else None
    if inside is None:
        yield _broken(value, offset, fault, cut=cut)
        return
    start, stop, closed = inside
    pieces = list(
        _scanned(
            value[start:stop], offset + start, wrappers, depth=depth + 1, cut=cut and not closed
        )
    )
    yield from pieces
    if cut and not closed:
        last = pieces[-1] if pieces else None
        if last is None or last.reason is None or last.offset + len(last.raw) < offset + len(value):
            yield _Piece(offset + len(value), b"", TRUNCATED, _CUT)
    elif not any(piece.reason for piece in pieces):
        yield _broken(value[stop:], offset + stop, fault, cut=cut)


def _inside(value: bytes, wrappers: tuple[str, ...]) -> tuple[int, int, bool] | None:
    """Return where the records of an array or page lie, and whether their bracket is closed."""
    opened = 0 if value.startswith(b"[") else _wrapper_bracket(value, wrappers)
    if opened is None:
        return None
    depth = 0
    for token in _TOKEN.finditer(value, opened):
        if token[0] in {b"{", b"["}:
            depth += 1
        elif token[0] in {b"}", b"]"}:
            depth -= 1
            if not depth:
                return opened + 1, token.start(), True
        elif token[0] == b'"':
            break
    return opened + 1, len(value), False


def _wrapper_bracket(value: bytes, wrappers: tuple[str, ...]) -> int | None:
    """Return where the array of a page begins that can't be read as a whole."""
    depth = 0
    key, key_end = b"", 0
    for token in _TOKEN.finditer(value):
        sign = token[0]
        if sign in {b"}", b"]"}:
            depth -= 1
        elif sign in {b"{", b"["}:
            depth += 1
            is_value = depth == 2 and value[key_end : token.start()].strip() == b":"  # noqa: PLR2004
            if is_value and sign == b"[" and key.strip(b'"').decode() in wrappers:
                return token.start()
        elif depth == 1:
            key, key_end = sign, token.end()
            if key == b'"id"':
                return None
    return None


def _broken(value: bytes, offset: int, fault: str | None, *, cut: bool) -> _Piece:
    if cut and _reason(fault) == TRUNCATED:
        return _Piece(offset, value, TRUNCATED, _CUT)
    detail = (fault or "a value that is no record").removeprefix("JSON is malformed: ")
    return _Piece(offset, value, NOT_JSON, f"no valid JSON record: {detail}")
