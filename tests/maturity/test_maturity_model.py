"""What is wrong in a model is said when it is read, with the place and what is allowed."""

from pathlib import Path

import pytest

from devops_analytics.errors import SettingsError
from devops_analytics.maturity import model_from, read_model
from devops_analytics.metrics import METRICS
from devops_analytics.metrics.metric import Better

CALMS = ["culture", "automation", "lean", "measurement", "sharing"]


def test_the_model_of_the_package_has_indicators_for_all_of_calms() -> None:
    model = read_model(None, metrics=METRICS)
    assert list(model.dimensions) == CALMS
    assert all(model.indicators_of(name) for name in CALMS)
    assert [len(model.levels_of(name)) for name in CALMS] == [5] * 5


def test_culture_is_scored_from_surveys_alone_and_automation_has_instability_beside_it() -> None:
    model = read_model(None, metrics=METRICS)
    assert {one.evidence_class for one in model.indicators_of("culture")} == {"survey"}
    assert model.indicators_of("culture")[0].minimum_n == 5
    assert "change_fail_rate" in model.dimensions["automation"].beside


def test_every_text_of_the_model_ends_properly_and_tells_where_its_numbers_come_from() -> None:
    model = read_model(None, metrics=METRICS)
    texts = [model.source, *(level.statement for level in model.levels)]
    for dimension in model.dimensions.values():
        texts += [dimension.description, dimension.source]
    for indicator in model.indicators:
        texts += [indicator.why, indicator.moved_without_improvement, indicator.source]
        texts.append(indicator.anchors_why)
    assert [text for text in texts if text[-1] not in ".?"] == []


def test_limits_of_a_higher_level_are_never_easier_than_those_of_a_lower() -> None:
    model = read_model(None, metrics=METRICS)
    for name in model.dimensions:
        hardest: dict[str, float] = {}
        for level in model.levels_of(name):
            for condition in level.conditions:
                if condition.value is None:
                    continue
                sign = 1 if model.better(condition.evidence) is Better.HIGHER else -1
                limit = sign * condition.value
                assert limit >= hardest.get(condition.evidence, limit)
                hardest[condition.evidence] = limit


def test_a_model_of_ones_own_is_read_from_a_file(tmp_path: Path, metrics) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'version = "mine"\nname = "Mine"\nsource = "Me."\n'
        "rules = { minimum_coverage = 0.5, high_coverage = 0.8, high_measured = 0.6 }\n"
        '[dimensions.flow]\nname = "Flow"\ndescription = "It flows?"\nsource = "Me."\n'
        '[[indicators]]\nid = "tested"\ndimension = "flow"\nclass = "measured"\n'
        'metric = "tested"\nanchors = [[0, 0], [1, 100]]\nanchors_why = "So."\nminimum_n = 1\n'
        'why = "So."\nmoved_without_improvement = "So."\nsource = "Me."\n'
        + "".join(
            f'[[levels]]\ndimension = "flow"\nlevel = {level}\nstatement = "So."\n'
            + (
                f'conditions = [{{ evidence = "tested", operator = ">=", value = 0.{level} }}]\n'
                if level > 1
                else ""
            )
            for level in range(1, 6)
        ),
        encoding="utf-8",
    )
    model = read_model(file, metrics=metrics)
    assert model.version == "mine"
    assert model.indicators[0].weight == 1.0


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, r"mine\.toml: no such maturity model"),
        (b"version = ", r"mine\.toml: not valid TOML"),
        (b"\xff\xfe\x00", r"mine\.toml: can't be read as UTF-8"),
        (b"", r"mine\.toml: version: this key is missing"),
    ],
)
def test_a_file_that_is_no_model_is_named(tmp_path: Path, metrics, content, text) -> None:
    file = tmp_path / "mine.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=text):
        read_model(file, metrics=metrics)


@pytest.mark.parametrize(
    ("index", "change", "text"),
    [
        (0, {"weight": 0}, r"indicator tested: weight: found 0\. .*greater than 0"),
        (0, {"weight": float("nan")}, "indicator tested: weight: found nan"),
        (0, {"why": ""}, "indicator tested: why: found ''"),
        (0, {"colour": "red"}, "indicator tested: colour: no such key; allowed here: anchors"),
        (0, {"id": "No Id"}, "indicator No Id: id: found 'No Id'"),
        (0, {"class": "felt"}, "indicator tested: class: found 'felt'.*measured"),
        (0, {"minimum_n": 0}, "indicator tested: minimum_n: found 0"),
        (0, {"anchors": [[0, 0]]}, "indicator tested: anchors: found"),
        (0, {"anchors": [[0, 0], [1, 101]]}, r"indicator tested: anchors\.1\.1: found 101"),
        (0, {"metric": "tseted"}, "indicator tested: metric: found 'tseted'; allowed: failing"),
        (0, {"metric": None}, "indicator tested: metric: found ''; allowed: failing"),
        (0, {"dimension": "flwo"}, "indicator tested: dimension: found 'flwo'; allowed: flow"),
        (0, {"occasions": "x"}, "indicator tested: occasions: found 'x'; allowed: failing"),
        (0, {"item": "x"}, "indicator tested: item: found 'x'; allowed: no item"),
        (0, {"better": "higher"}, "indicator tested: better: found 'higher'; allowed: none"),
        (0, {"anchors": [[1, 0], [0, 100]]}, "tested: anchors: .*values that rise"),
        (0, {"anchors": [[0, 100], [1, 0]]}, "tested: anchors: .*points that rise"),
        (0, {"anchors": [[0, 50], [1, 50]]}, "tested: anchors: .*points that rise"),
        (1, {"anchors": [[0, 0], [1, 100]]}, "wait: anchors: .*points that fall, as lower is"),
        (1, {"id": "tested"}, "indicator tested: id: .*each id once, not 2 times"),
        (0, {"class": "survey"}, "indicator tested: metric: .*an item instead"),
        (
            0,
            {"class": "survey", "metric": None, "item": "x", "name": "X"},
            "indicator tested: better: found None; allowed: a value, for the class survey",
        ),
        (0, {"metric": "measurement_coverage"}, r"indicator tested: of: found \[\]; allowed: at"),
        (
            0,
            {"metric": "measurement_coverage", "of": ["tested"], "covered": ["ok"]},
            "indicator tested: name: found ''; allowed: a name in words",
        ),
    ],
)
def test_a_mistake_in_an_indicator_is_named(data, metrics, index, change, text) -> None:
    data["indicators"][index] |= change
    with pytest.raises(SettingsError, match=f"mine.toml: .*{text}"):
        model_from(data, metrics=metrics, where="mine.toml")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"evidence": "tetsed"}, "level 2 of flow: evidence: found 'tetsed'; allowed: failing"),
        ({"operator": "<="}, "level 2 of flow: tested: operator: found '<='; allowed: >="),
        ({"operator": "=="}, "level 2 of flow: conditions.0.operator: found '=='.*'>='"),
        ({"operator": None}, "level 2 of flow: tested: found .*operator and value together"),
        ({"value": float("inf")}, "level 2 of flow: conditions.0.value: found inf"),
        (
            {"operator": None, "value": None},
            "level 2 of flow: tested: found None; allowed: an operator and a value, or a status",
        ),
        ({"limit": 3}, "level 2 of flow: conditions.0.limit: no such key; allowed here: evidence"),
    ],
)
def test_a_mistake_in_a_condition_is_named(data, metrics, change, text) -> None:
    data["levels"][1]["conditions"][0] |= change
    with pytest.raises(SettingsError, match=text):
        model_from(data, metrics=metrics)


@pytest.mark.parametrize(
    ("break_it", "text"),
    [
        (
            lambda data: data["levels"].pop(2),
            r"dimension flow: levels: found \[1, 2, 4, 5\]; allowed: each of 1, 2, 3, 4, 5 once",
        ),
        (lambda data: data["levels"][1].pop("conditions"), "level 2 of flow: conditions: found 0"),
        (
            lambda data: data["levels"][0].update(conditions=data["levels"][1]["conditions"]),
            "level 1 of flow: conditions: found 1; allowed: none at level 1",
        ),
        (
            lambda data: data["levels"][1].update(dimension="flwo"),
            "level 2 of flwo: dimension: found 'flwo'; allowed: flow",
        ),
        (
            lambda data: data["dimensions"].update(empty=data["dimensions"]["flow"]),
            "dimension empty: indicators: found 'none'",
        ),
        (
            lambda data: data["dimensions"]["flow"].update(beside=["x"]),
            "dimension flow: beside: found 'x'; allowed: failing, tested, wait",
        ),
        (
            lambda data: data["dimensions"]["flow"].pop("name"),
            "dimension flow: name: this key is missing",
        ),
        (lambda data: data["rules"].update(high_coverage=80), r"rules\.high_coverage: found 80"),
        (
            lambda data: data.update(indicators=["tested"]),
            "indicator 0: found 'tested'",
        ),
        (lambda data: data.update(colour="red"), "colour: no such key; allowed here: dimensions"),
    ],
)
def test_a_mistake_elsewhere_is_named(data, metrics, break_it, text) -> None:
    break_it(data)
    with pytest.raises(SettingsError, match=text):
        model_from(data, metrics=metrics)
