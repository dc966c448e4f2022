"""A model of one's own: a file that changes ours, or stands alone."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from devops_analytics import Workspace
from devops_analytics.config import settings_from
from devops_analytics.errors import SettingsError, UnknownNameError
from devops_analytics.maturity import read_model
from devops_analytics.metrics import METRICS

HEAD = 'extends = "builtin"\nversion = "ours-1"\nname = "Ours"\n'


@pytest.fixture
def read(tmp_path: Path):
    def reading(text: str):
        path = tmp_path / "ours.toml"
        path.write_text(text, encoding="utf-8")
        return read_model(path, metrics=METRICS)

    return reading


def test_what_a_file_does_not_name_stays_as_it_was(read) -> None:
    ours, theirs = read(HEAD), read_model(None, metrics=METRICS)
    assert (ours.version, ours.name, ours.source) == ("ours-1", "Ours", theirs.source)
    assert ours.indicators == theirs.indicators
    assert ours.lenses == theirs.lenses


def test_weights_anchors_rules_and_applicability_are_changed_one_by_one(read) -> None:
    ours = read(
        f"{HEAD}[rules]\nminimum_coverage = 0.7\n"
        "[indicators.change_lead_time]\nweight = 2\nanchors = [[8, 100], [80, 0]]\n"
        '[indicators.batch_size]\nnot_applicable = "We review configuration only."\n'
    )
    lead_time = ours.indicators["change_lead_time"]
    assert (lead_time.weight, lead_time.anchors) == (2, ((8, 100), (80, 0)))
    assert lead_time.why == read_model(None, metrics=METRICS).indicators["change_lead_time"].why
    assert ours.rules.minimum_coverage == 0.7
    assert ours.indicators["batch_size"].not_applicable == "We review configuration only."


def test_an_indicator_and_a_lens_of_ones_own_are_added(read) -> None:
    ours = read(
        f"{HEAD}"
        '[indicators.audits]\nname = "Audits"\nclass = "attested"\nanchors = [[0, 0], [1, 100]]\n'
        'anchors_why = "The share."\nminimum_n = 1\nwhy = "Law."\n'
        'moved_without_improvement = "Paper."\nsource = "Law."\n'
        'capability = "pervasive_security"\n'
        '[lenses.law]\nname = "Law"\nquestion = "Are we lawful?"\nsource = "Law."\n'
        '[lenses.law.dimensions.audit]\nname = "Audit"\ndescription = "Audited?"\n'
        'source = "Law."\nindicators = ["audits", "review_coverage"]\n'
    )
    assert list(ours.lenses)[-1] == "law"
    assert ours.lenses["law"].dimensions["audit"].indicators == ("audits", "review_coverage")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('extends = "ours"\n', r"ours\.toml: extends: found 'ours'; allowed: 'builtin', or leave"),
        ('extends = "builtin"\nname = "x"\n', "version: this key is missing. Say what your model"),
        (f"{HEAD}[indicators.change_lead_time]\nwieght = 2\n", "lead_time: wieght: no such key"),
        (f"{HEAD}[indicators.change_lead_time]\nweight = -1\n", "weight: found -1. .*greater than"),
        (f"{HEAD}[indicators.chnge]\nweight = 2\n", "indicator chnge: class: this key is missing"),
        (
            f"{HEAD}[lenses.calms.dimensions.lean]\nindicators = ['chnge_lead_time']\n",
            "calms.lean: indicators: found 'chnge_lead_time'; allowed: .*mean change_lead_time",
        ),
        (
            f"{HEAD}[indicators.change_lead_time]\nanchors = [[1, 0], [9, 100]]\n",
            "indicator change_lead_time: anchors: .*points that fall, as lower is better",
        ),
        (
            f"{HEAD}[lenses.calms.dimensions.culture]\nindicators = ['review_coverage']\n",
            r"calms.culture: indicators: found \['review_coverage'\]; allowed: those of class sur",
        ),
        ("version = ", r"ours\.toml: not valid TOML"),
        ("", r"ours\.toml: version: this key is missing"),
    ],
)
def test_a_mistake_is_told_with_file_place_value_and_what_is_allowed(read, text, said) -> None:
    with pytest.raises(SettingsError, match=said):
        read(text)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    with pytest.raises(SettingsError, match=r"ours\.toml: no such maturity model.*maturity\.model"):
        read_model(path, metrics=METRICS)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"ours\.toml: can't be read as UTF-8"):
        read_model(path, metrics=METRICS)


def test_settings_name_the_file_and_assessments_use_it(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "ours.toml").write_text(HEAD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    settings = settings_from({"maturity": {"model": "ours.toml"}})
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    deployment = {"deployment_id": ["1"], "service": ["pay"], "finished_at": [moment]}
    workspace = Workspace.from_frames(
        {"deployments": pl.DataFrame(deployment)}, settings=settings, as_of="2026-07-01"
    )
    assert workspace.model.version == "ours-1"
    assert workspace.score("2026-Q2").model_version == "ours-1"
    with pytest.raises(UnknownNameError, match="no lens is called 'calm'; lenses of the model: ca"):
        workspace.score("2026-Q2", lens="calm")
