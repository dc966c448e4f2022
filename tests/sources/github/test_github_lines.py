"""Runs with one on each line are read in one pass, and become the very same rows."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devops_analytics.config import Settings
from devops_analytics.config_tools import GithubSource
from devops_analytics.errors import ExportError
from devops_analytics.sources.conform import conform
from devops_analytics.sources.github import GITHUB
from devops_analytics.sources.github.lines import runs_by_line
from devops_analytics.sources.source import Context, Draft, Held

ENTRY = GithubSource(kind="github", path="exports")
CONTEXT = Context(settings=Settings(), label="exports/runs.ndjson")
OTHERS = (
    {"id": 1, "run_id": 7, "head_sha": "a" * 40, "run_attempt": 1, "status": "queued"},
    {"id": 1, "sha": "a" * 40, "environment": "production", "task": "deploy"},
    {"action": "completed", "sender": {"login": "ada"}, "repository": {"full_name": "a/b"}},
    {"number": 5, "head": {"ref": "x"}, "base": {"ref": "main"}},
    {"odd": 1},
    [],
    7,
)
ODD_LINES = (
    "",
    "  ",
    "{broken",
    "{}",
    "null",
    '{"id": 1}{"id": 2}',
    "\ufeff",
    "\x00",
    '{"id":\n1}',
)


def careful(path: Path) -> list[Draft] | str:
    """Return what the slow way reads, or what it says of a file that it can't."""
    assert GITHUB.read_many is not None
    try:
        return [draft for _, draft in GITHUB.read_many([path], ENTRY, CONTEXT)]
    except ExportError as error:
        return str(error)


def by_part(path: Path) -> list[Draft] | str:
    held = Held(path.name, path.read_bytes(), path.parent)
    try:
        return list(GITHUB.read(held, ENTRY, CONTEXT))
    except ExportError as error:
        return str(error).replace(str(held), str(path))


def assert_same(found: list[Draft] | str, expected: list[Draft] | str) -> None:
    """Compare drafts: batches are made of nothing else."""
    if isinstance(found, str) or isinstance(expected, str):
        assert found == expected
        return
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.table == other.table
        assert one.rows.equals(other.rows)
        assert one.rows.schema == other.rows.schema
        assert one.rejected is not None
        assert other.rejected is not None
        assert one.rejected.equals(other.rejected)
        assert (one.n_read, one.n_absorbed, one.notes) == (
            other.n_read,
            other.n_absorbed,
            other.notes,
        )


def values() -> st.SearchStrategy[Any]:
    return st.sampled_from(
        [None, "", "x", "é\u2028\n", 3, -1, 2.5, True, [], {"full_name": "b/c"}, "completed",
         "queued", "success", "2026-03-02T09:00:00Z", "2026-03-02T09:00:00", "yesterday"]
    )  # fmt: skip


FIELDS = (
    "id", "name", "path", "run_attempt", "run_number", "event", "head_branch", "head_sha", "status",
    "conclusion", "created_at", "run_started_at", "updated_at", "repository", "url", "sender",
    "deployment_url", "environment", "run_id", "workflow_id", "workflow_runs", "actor",
)  # fmt: skip


def test_runs_by_line_are_read_the_fast_way(tmp_path, run):
    path = tmp_path / "runs.ndjson"
    path.write_text("".join(json.dumps(run(n, name="é")) + "\n" for n in range(1, 4)))
    found = runs_by_line(path)
    assert found is not None
    assert [(one.number, one.record.id, one.repository) for one in found.of("run")] == [
        (1, 1, "acme/shop"),
        (2, 2, "acme/shop"),
        (3, 3, "acme/shop"),
    ]
    assert_same(by_part(path), careful(path))


@pytest.mark.parametrize("other", [*map(json.dumps, OTHERS), *ODD_LINES])
def test_what_may_be_anything_else_is_read_with_care(tmp_path, run, other):
    path = tmp_path / "runs.ndjson"
    path.write_text("\n".join((json.dumps(run()), json.dumps(run(2)), other, json.dumps(run(3)))))
    assert runs_by_line(path) is None
    assert_same(by_part(path), careful(path))


@pytest.mark.parametrize("missing", ["head_sha", "id"])
def test_a_run_that_lacks_what_tells_it_is_one_is_read_with_care(tmp_path, run, missing):
    record = {name: value for name, value in run(2).items() if name != missing}
    path = tmp_path / "runs.ndjson"
    path.write_text(f"{json.dumps(run())}\n{json.dumps(record)}\n")
    assert runs_by_line(path) is None


def test_bytes_that_are_no_text_are_left_to_the_careful_way(tmp_path, run):
    path = tmp_path / "runs.ndjson"
    line = json.dumps(run(display_title="ADA")).encode()
    path.write_bytes(line + b"\n" + line.replace(b"ADA", b"\xff") + b"\n")
    assert runs_by_line(path) is None
    assert_same(by_part(path), careful(path))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_both_ways_give_the_same_drafts_and_batches(tmp_path, run, data):
    lines = []
    for number in range(1, data.draw(st.integers(1, 4)) + 1):
        changed = data.draw(st.dictionaries(st.sampled_from(FIELDS), values(), max_size=2))
        record = run(number) | changed
        for name in data.draw(st.sets(st.sampled_from(FIELDS), max_size=2)):
            record.pop(name, None)
        lines.append(json.dumps(record, ensure_ascii=data.draw(st.booleans())))
    if data.draw(st.booleans()):
        odd = data.draw(st.sampled_from([*map(json.dumps, OTHERS), *ODD_LINES]))
        lines.insert(data.draw(st.integers(0, len(lines))), odd)
    ending = data.draw(st.sampled_from(["\n", "\r\n"]))
    text = ending.join(lines) + data.draw(st.sampled_from(["", ending, ending * 2]))
    path = tmp_path / "runs.ndjson"
    path.write_bytes(text.encode())
    assert_same(by_part(path), careful(path))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0, 1200), byte=st.binary(min_size=1, max_size=2), share=st.floats(0, 1))
def test_broken_bytes_make_no_difference(tmp_path, run, at, byte, share):
    text = "".join(json.dumps(run(n)) + "\n" for n in range(1, 4)).encode()
    text = text[:at] + byte + text[at + 1 :]
    path = tmp_path / "runs.ndjson"
    path.write_bytes(text[: int(len(text) * share)])
    assert_same(by_part(path), careful(path))


@pytest.mark.real
def test_real_runs_are_read_the_fast_way_with_the_same_rows(shared_data):
    path = shared_data / "api-payloads" / "github" / "runs.ndjson"
    found = runs_by_line(path)
    assert found is not None
    assert len(found.of("run")) == 35
    assert_same(by_part(path), careful(path))
    batches = [
        conform(draft, entry=ENTRY, context=CONTEXT)
        for read in (by_part(path), careful(path))
        for draft in read
        if isinstance(draft, Draft)
    ]
    assert batches[0].rows.equals(batches[1].rows)
    assert batches[0].rows.height == 35


@pytest.mark.parametrize(
    ("kinds", "alone"),
    [
        (["run"], True),
        (["run", "job"], True),
        (["run", "deployment"], False),
        (["pull"], False),
        (["review"], False),
        (["issue"], False),
    ],
)
def test_only_what_stands_alone_may_be_read_in_parts(tmp_path, request, kinds, alone):
    made = {kind: request.getfixturevalue(kind) for kind in kinds}
    path = tmp_path / "x.ndjson"
    records = [
        made[kind]("ada", "APPROVED", 9) if kind == "review" else made[kind](number)
        for kind in kinds
        for number in range(1, 4)
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert GITHUB.is_by_line(path) is alone


def test_deployments_late_in_a_big_file_are_seen(tmp_path, run, deployment):
    path = tmp_path / "x.ndjson"
    runs = "".join(json.dumps(run(n, note="x" * 3000)) + "\n" for n in range(700))
    path.write_text(runs + "".join(json.dumps(deployment(n)) + "\n" for n in range(400)))
    assert not GITHUB.is_by_line(path)


def test_lines_that_are_no_text_do_not_keep_a_big_file_from_being_looked_at(tmp_path, run):
    path = tmp_path / "x.ndjson"
    good = json.dumps(run(1)).encode() + b"\n"
    path.write_bytes(good * 3000 + b'{"a\x9f": 1}\n' * 3000 + b"[" * 50_000 + b"\n" + good * 100)
    assert GITHUB.is_by_line(path)
