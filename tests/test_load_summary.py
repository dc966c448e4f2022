"""The summary of a load: short however many files there are, and the sums stay."""

import polars as pl

from devops_analytics.load_summary import files_shown, notes_shown, unread_shown


def report(n_files: int, notes: str = "") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "source": ["status_records:records"] * n_files,
            "file": [f"records/{number}.md" for number in range(n_files)],
            "table": ["incidents"] * n_files,
            "state": ["new"] * n_files,
            "read": [1] * n_files,
            "loaded": [1] * n_files,
            "quarantined": [0] * n_files,
            "duplicates": [0] * n_files,
            "notes": [notes.format(number) for number in range(n_files)],
        }
    )


def test_a_few_files_are_shown_each() -> None:
    shown = files_shown(report(3))
    assert shown["file"].to_list() == ["records/0.md", "records/1.md", "records/2.md"]
    assert set(shown["source"]) == {"status_records"}


def test_many_files_are_one_line_with_their_sums() -> None:
    assert files_shown(report(300)).rows() == [
        ("status_records", "records/ (300 files)", "incidents", "new", 300, 300, 0, 0)
    ]


def test_alike_notes_are_told_once() -> None:
    assert notes_shown(report(3, "{} words are not known: 'odd-{}'".replace("odd-{}", "odd"))) == [
        "records/0.md: 0 words are not known: 'odd' (and so of 2 more files there)"
    ]
    assert notes_shown(report(3)) == []


def test_unread_files_of_a_folder_are_told_once() -> None:
    left = tuple((f"a/{number}.txt", "not recognised") for number in range(4))
    assert unread_shown((*left, ("b.txt", "not recognised"))) == [
        "a/0.txt and 3 more there: not recognised",
        "b.txt: not recognised",
    ]
