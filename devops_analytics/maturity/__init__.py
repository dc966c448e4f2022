"""The maturity assessment: CALMS scored from measurements by a model that is data."""

from devops_analytics.maturity.evidence import Outcome, Role
from devops_analytics.maturity.model import Model
from devops_analytics.maturity.reading import model_from, read_model
from devops_analytics.maturity.score import Assessment, change_index, score
from devops_analytics.maturity.weights import WeightSensitivity, weight_sensitivity

__all__ = [
    "Assessment",
    "Model",
    "Outcome",
    "Role",
    "WeightSensitivity",
    "change_index",
    "model_from",
    "read_model",
    "score",
    "weight_sensitivity",
]
