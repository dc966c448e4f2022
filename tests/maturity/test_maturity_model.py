"""What is wrong in a model is said when it is read, with the place and what is allowed."""

from dataclasses import replace

import pytest

from devops_analytics.errors import SettingsError
from devops_analytics.maturity import model_from, read_model
from devops_analytics.maturity.reading import builtin_data
from devops_analytics.metrics import METRICS
from devops_analytics.metrics.metric import Better

LENSES = {
    "calms": ["culture", "automation", "lean", "measurement", "sharing"],
    "pillars": [
        "continuous_integration",
        "continuous_delivery",
        "infrastructure_as_code",
        "monitoring_and_observability",
        "shared_culture",
    ],
    "spectrum": [
        "team_structure",
        "release_cadence",
        "deployment",
        "infrastructure",
        "failure_handling",
        "feedback_loop",
    ],
    "devsecops": ["scanning", "findings", "dependencies", "supply_chain"],
    "outcomes": ["time_to_market", "production_incidents", "speed_of_recovery", "overhead_removed"],
}
INSTABILITY = {"change_fail_rate", "deployment_rework_rate"}


@pytest.fixture(scope="module")
def builtin():
    return read_model(None, metrics=METRICS)


def dimensions(model) -> list[tuple[str, object]]:
    return [
        (f"{lens}.{name}", dimension)
        for lens, held in model.lenses.items()
        for name, dimension in held.dimensions.items()
    ]


def test_the_model_of_the_package_has_five_lenses_with_their_dimensions(builtin) -> None:
    assert {name: list(lens.dimensions) for name, lens in builtin.lenses.items()} == LENSES


def test_every_dimension_has_five_levels_or_is_a_position_between_two_ends(builtin) -> None:
    for name, dimension in dimensions(builtin):
        is_position = name.startswith("spectrum.")
        assert len(dimension.levels) == (0 if is_position else 5), name
        assert (dimension.ends is not None) is is_position, name


def test_every_indicator_serves_a_lens_and_every_family_has_indicators(builtin) -> None:
    used = {one for _, dimension in dimensions(builtin) for one in dimension.indicators}
    assert used == set(builtin.indicators)
    families = {metric.family for metric in METRICS}
    named = {builtin.metrics[name].family for name in builtin.metrics_named}
    assert named == families
    assert len(builtin.capabilities) == 34


def test_culture_is_scored_from_surveys_alone(builtin) -> None:
    for lens, name in (("calms", "culture"), ("pillars", "shared_culture")):
        dimension = builtin.lenses[lens].dimensions[name]
        assert dimension.surveys_only
        assert {builtin.indicators[one].evidence_class for one in dimension.indicators} == {
            "survey"
        }
        assert min(builtin.indicators[one].minimum_n for one in dimension.indicators) >= 5
        assert dimension.context


def test_automation_never_stands_without_an_instability_metric_beside_it(builtin) -> None:
    automated = {"trunk_commits_tested", "deployments_by_pipeline", "pipeline_success_rate"}
    found = [(n, d) for n, d in dimensions(builtin) if automated & set(d.indicators)]
    assert len(found) == 5
    assert [name for name, dimension in found if not INSTABILITY & set(dimension.beside)] == []


def test_every_text_of_the_model_ends_properly(builtin) -> None:
    texts = [builtin.source]
    for lens in builtin.lenses.values():
        texts += [lens.question, lens.source]
    for _, dimension in dimensions(builtin):
        texts += [dimension.description, dimension.source, *(dimension.ends or ())]
        texts += [level.statement for level in dimension.levels.values()]
        texts += [text for text in (dimension.beside_why, dimension.context_why) if text]
    for one in builtin.indicators.values():
        texts += [one.why, one.moved_without_improvement, one.source, one.anchors_why]
    texts += [capability.measure for capability in builtin.capabilities.values()]
    assert [text for text in texts if text[-1] not in ".?"] == []


@pytest.mark.parametrize("name", [metric.id for metric in METRICS])
def test_a_metric_whose_direction_is_flipped_is_refused_and_never_scores_better(
    builtin, name
) -> None:
    flips = {Better.LOWER: Better.HIGHER, Better.HIGHER: Better.LOWER}
    metrics = [replace(one, better=flips[one.better]) if one.id == name else one for one in METRICS]
    is_scored = any(one.metric == name for one in builtin.indicators.values())
    if not is_scored:
        return
    with pytest.raises(SettingsError, match=f"{name}: (anchors|operator)"):
        model_from(builtin_data(), metrics=metrics)


@pytest.mark.parametrize(
    ("name", "change", "text"),
    [
        ("tested", {"weight": 0}, r"indicator tested: weight: found 0\. .*greater than 0"),
        ("tested", {"weight": float("nan")}, "indicator tested: weight: found nan"),
        ("tested", {"why": ""}, "indicator tested: why: found ''"),
        ("tested", {"colour": "red"}, "indicator tested: colour: no such key; allowed here: anch"),
        ("tested", {"class": "felt"}, "indicator tested: class: found 'felt'.*measured"),
        ("tested", {"minimum_n": 0}, "indicator tested: minimum_n: found 0"),
        ("tested", {"anchors": [[0, 0]]}, "indicator tested: anchors: found"),
        ("tested", {"anchors": [[0, 0], [1, 101]]}, r"tested: anchors\.1\.1: found 101"),
        ("tested", {"metric": "tseted"}, "tested: metric: found 'tseted'; allowed: failing, mea"),
        ("tested", {"metric": None}, "indicator tested: metric: found ''; allowed: failing"),
        ("tested", {"capability": "x"}, "tested: capability: found 'x'; allowed: testing"),
        ("tested", {"occasions": "x"}, "tested: occasions: found 'x'; allowed: failing"),
        ("tested", {"anchors": [[1, 0], [0, 100]]}, "tested: anchors: .*values that rise"),
        ("tested", {"anchors": [[0, 100], [1, 0]]}, "tested: anchors: .*points that rise"),
        ("tested", {"anchors": [[0, 50], [1, 50]]}, "tested: anchors: .*points that rise"),
        ("wait", {"anchors": [[0, 0], [1, 100]]}, "wait: anchors: .*points that fall, as lower"),
        ("tested", {"class": "attested"}, "tested: metric: .*none, for the class attested"),
        (
            "tested",
            {"class": "attested", "metric": None, "name": "X"},
            "tested: id: .*metrics can't be attested",
        ),
        ("tested", {"metric": "measurement_coverage"}, r"tested: of: found \[\]; allowed: at"),
        (
            "tested",
            {"metric": "measurement_coverage", "of": ["tested"], "covered": ["ok"]},
            "indicator tested: name: found ''; allowed: a name in words",
        ),
    ],
)
def test_a_mistake_in_an_indicator_is_named(data, metrics, name, change, text) -> None:
    data["indicators"][name] |= change
    with pytest.raises(SettingsError, match=f"mine.toml: .*{text}"):
        model_from(data, metrics=metrics, where="mine.toml")


def test_what_is_attested_needs_a_name(data, metrics, indicator) -> None:
    data["indicators"]["promised"] = indicator(None, **{"class": "attested"})
    with pytest.raises(SettingsError, match=r"promised: name: .*a name in words"):
        model_from(data, metrics=metrics)


def flow_of(data) -> dict:
    return data["lenses"]["main"]["dimensions"]["flow"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"evidence": "tetsed"}, r"level 2 of main\.flow: evidence: found 'tetsed'; allowed: fail"),
        ({"operator": "<="}, r"level 2 of main\.flow: tested: operator: found '<='; allowed: >="),
        ({"operator": "=="}, r"level 2 of main\.flow: conditions.0.operator: found '=='.*'>='"),
        ({"operator": None}, r"level 2 of main\.flow: tested: found .*operator and value together"),
        ({"value": float("inf")}, r"level 2 of main\.flow: conditions.0.value: found inf"),
        ({"value": 0.85}, r"level 3 of main\.flow: tested: value: .*not easier than 0.85"),
        (
            {"operator": None, "value": None},
            "level 2 of main.flow: tested: found None; allowed: an operator and a value, or a st",
        ),
        ({"limit": 3}, "level 2 of main.flow: conditions.0.limit: no such key; allowed here: evi"),
    ],
)
def test_a_mistake_in_a_condition_is_named(data, metrics, change, text) -> None:
    flow_of(data)["levels"]["2"]["conditions"][0] |= change
    with pytest.raises(SettingsError, match=text):
        model_from(data, metrics=metrics)


@pytest.mark.parametrize(
    ("break_it", "text"),
    [
        (
            lambda data: flow_of(data)["levels"].pop("3"),
            r"flow: levels: found \[1, 2, 4, 5\]; allowed: each of 1, 2, 3, 4, 5 once, or no lev",
        ),
        (
            lambda data: flow_of(data)["levels"]["2"].pop("conditions"),
            "level 2 of main.flow: conditions: found 0",
        ),
        (
            lambda data: flow_of(data)["levels"]["1"].update(
                conditions=flow_of(data)["levels"]["2"]["conditions"]
            ),
            "level 1 of main.flow: conditions: found 1; allowed: none at level 1",
        ),
        (
            lambda data: flow_of(data)["levels"].update({"6": {}}),
            r"levels\.6|level 6 of main\.flow",
        ),
        (
            lambda data: flow_of(data).update(indicators=[]),
            "dimension main.flow: indicators: found",
        ),
        (
            lambda data: flow_of(data).update(indicators=["tested", "tested"]),
            "dimension main.flow: indicators: .*each once",
        ),
        (
            lambda data: flow_of(data).update(indicators=["tset"]),
            "main.flow: indicators: found 'tset'; allowed: tested, wait",
        ),
        (
            lambda data: flow_of(data).update(beside=["x"]),
            "dimension main.flow: beside: found 'x'; allowed: failing, tested, wait",
        ),
        (
            lambda data: flow_of(data).update(beside=["failing"]),
            "dimension main.flow: beside_why: .*the reason why beside is shown",
        ),
        (
            lambda data: flow_of(data).update(surveys_only=True),
            "main.flow: indicators: .*those of class survey alone",
        ),
        (lambda data: flow_of(data).pop("name"), "dimension main.flow: name: this key is missing"),
        (lambda data: data["rules"].update(high_coverage=80), "rules: high_coverage: found 80"),
        (lambda data: data.update(indicators=["tested"]), "indicators: found .*valid dictionary"),
        (lambda data: data["lenses"]["main"].update(x=1), "lens main: x: no such key; allowed"),
        (lambda data: data["capabilities"].update(x={}), "capability x: name: this key is missing"),
        (lambda data: data.update(colour="red"), "colour: no such key; allowed here: capab"),
    ],
)
def test_a_mistake_elsewhere_is_named(data, metrics, break_it, text) -> None:
    break_it(data)
    with pytest.raises(SettingsError, match=text):
        model_from(data, metrics=metrics)
