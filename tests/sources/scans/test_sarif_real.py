"""The logs of the SARIF tutorials: every exceptional condition that the standard knows."""

import pytest

from devops_analytics.sources.sarif import SARIF


@pytest.mark.real
def test_the_tutorials_logs_load_where_the_entry_says_when_they_were_made(
    shared_data, judge, tmp_path
):
    """Of 30 logs 29 hold a run or say that there is none; one says that its runs are not known.

    None of them is dated, so copies are named by a day.
    """
    counted: dict[str, list[int]] = {"scans": [0] * 5, "sightings": [0] * 5}
    reasons: list[str] = []
    files = sorted((shared_data / "security" / "sarif").iterdir())
    for file in files:
        assert SARIF.recognise(file).confidence == 0.95
        copy = tmp_path / f"2026-03-02-{file.name}"
        copy.write_bytes(file.read_bytes())
        for table, batch in judge(SARIF, copy, time=r"^.*(?P<time>\d{4}-\d{2}-\d{2})").items():
            numbers = (batch.n_read, batch.rows.height, batch.quarantined.height,
                       batch.n_duplicates, batch.n_absorbed)  # fmt: skip
            counted[table] = [a + b for a, b in zip(counted[table], numbers, strict=True)]
            reasons += batch.quarantined["reason"].to_list()
    assert len(files) == 30
    # read, loaded, quarantined, duplicates, absorbed: the log without any run is one scan absorbed,
    # the result that is absent from its baseline one sighting
    assert counted == {"scans": [30, 28, 1, 0, 1], "sightings": [55, 54, 0, 0, 1]}
    assert reasons == ["no_runs"]


@pytest.mark.real
def test_without_a_day_the_tutorials_runs_are_quarantined_for_that(shared_data, judge):
    reasons: list[str] = []
    for file in sorted((shared_data / "security" / "sarif").iterdir()):
        for batch in judge(SARIF, file).values():
            reasons += batch.quarantined["reason"].to_list()
    assert sorted(set(reasons)) == ["no_runs", "scan_without_time"]
    assert len(reasons) == 29
