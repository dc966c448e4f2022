"""Files in parts: the same lines, once each, whole, whatever the size of a part."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.errors import ExportError
from devops_analytics.sources import parts
from devops_analytics.sources.parts import parts_of

FIELD = st.text(alphabet='ab,;"\n é', max_size=8)
ROWS = st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=30)


def quoted(field: str) -> str:
    return '"' + field.replace('"', '""') + '"'


def content(path: Path, **how: int) -> list[bytes]:
    return [part.export.open("rb").read() for part in parts_of(path, **how)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(rows=ROWS, size=st.integers(1, 200))
def test_parts_of_a_csv_are_whole_records_under_the_header(
    tmp_path: Path, rows: list[tuple[str, str]], size: int
) -> None:
    lines = [f"{quoted(a)},{quoted(b)}\n".encode() for a, b in rows]
    header = b"one,two\n"
    path = tmp_path / "rows.csv"
    path.write_bytes(header + b"".join(lines))
    parts = content(path, size=size)
    assert all(part.startswith(header) for part in parts)
    assert b"".join(part.removeprefix(header) for part in parts) == b"".join(lines)
    ends = {sum(map(len, lines[: n + 1])) for n in range(len(lines))}
    at = 0
    for part in parts:
        at += len(part) - len(header)
        assert at in ends


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(
    lines=st.lists(st.sampled_from(['{"id": 1}', "", "{broken", '{"a": "\\n"}']), max_size=40),
    size=st.integers(1, 200),
)
def test_parts_of_json_lines_say_how_many_lines_stand_before(
    tmp_path: Path, lines: list[str], size: int
) -> None:
    path = tmp_path / "rows.ndjson"
    text = "\n".join(['{"first": true}', *lines]) + "\n"
    path.write_text(text)
    found = list(parts_of(path, size=size))
    whole = text.encode()
    for part in found:
        data = part.export.open("rb").read()
        assert part.end is not None
        assert part.lines is not None
        assert whole[: part.end].endswith(data)
        assert whole[: part.end].count(b"\n") == part.lines
        assert part.before == part.lines - data.count(b"\n")
    assert b"".join(part.export.open("rb").read() for part in found) == whole


def test_a_small_file_is_one_part_and_says_where_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a,b\n1,2\n")
    (part,) = parts_of(path)
    assert (part.export, part.before, part.end, part.lines) == (path, 0, 8, 2)


def test_what_follows_is_read_under_the_header(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"a,b\n1,2\n3,4\n5,6\n")
    (part,) = parts_of(path, start=8, lines=2)
    assert part.export.open("rb").read() == b"a,b\n3,4\n5,6\n"
    # Line 2 of what is read is line 3 of the file.
    assert (part.before, part.end, part.lines) == (1, 16, 4)


@pytest.mark.parametrize(
    "text",
    [
        b'{"id": 1}\n{"id": 2}',  # no line end: the last record may go on
        b'[\n{"id": 1},\n{"id": 2}\n]\n',  # an array over several lines
        b'{\n  "id": 1\n}\n',
        b"<html>\n</html>\n",
        "id,name\n1,b\n".encode("utf-16"),
    ],
    ids=["no line end", "array", "object", "markup", "utf-16"],
)
def test_nothing_goes_on_where_lines_are_no_records_or_not_whole(
    tmp_path: Path, text: bytes
) -> None:
    path = tmp_path / "export"
    path.write_bytes(text)
    (part,) = parts_of(path, size=1 << 20)
    assert part.export == path
    assert part.end is None


def test_a_packed_file_is_read_in_parts_too(tmp_path: Path) -> None:
    lines = [json.dumps({"id": n}) + "\n" for n in range(1000)]
    path = tmp_path / "rows.ndjson.gz"
    path.write_bytes(gzip.compress("".join(lines).encode()))
    found = list(parts_of(path, size=1000))
    assert len(found) > 10
    assert b"".join(part.export.open("rb").read() for part in found).decode() == "".join(lines)
    assert all(part.end is None for part in found)


def test_a_packed_file_that_was_cut_off_is_an_error_not_a_short_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    rows = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(10_000))
    path.write_bytes(gzip.compress(rows)[:-4000])
    with pytest.raises(ExportError, match="ends too early"):
        list(parts_of(path, size=1000))


def test_a_packed_file_that_was_cut_off_at_its_first_lines_is_an_error_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" * 100)[:-5])
    with pytest.raises(ExportError, match="damaged or ends too early"):
        list(parts_of(path, size=10))


@pytest.mark.parametrize("at", [1, 1000])
def test_a_quote_that_is_never_closed_is_looked_for_in_each_line_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    lines = [b"a,b\n"] * 200_000
    lines[at] = b'"a,b\n'
    path = tmp_path / "rows.csv"
    path.write_bytes(b"".join(lines))
    # Looking at all lines again for each one takes minutes here.
    assert b"".join(content(path, size=5000)[-1:]).endswith(b"a,b\n")
    monkeypatch.setattr(parts, "_LONGEST_LINE", 100_000)
    with pytest.raises(ExportError, match="quotes don't pair up"):
        list(parts_of(path, size=5000))
