"""The maturity assessment: measurements scored through five lenses by a model that is data."""

from devops_analytics.maturity.attested import Attested, attested
from devops_analytics.maturity.change_index import change_index
from devops_analytics.maturity.evidence import Outcome, Role
from devops_analytics.maturity.improvements import what_moves_most
from devops_analytics.maturity.model import Model
from devops_analytics.maturity.reading import model_from, read_model
from devops_analytics.maturity.score import Assessment, score
from devops_analytics.maturity.weights import WeightSensitivity, weight_sensitivity

__all__ = [
    "Assessment",
    "Attested",
    "Model",
    "Outcome",
    "Role",
    "WeightSensitivity",
    "attested",
    "change_index",
    "model_from",
    "read_model",
    "score",
    "weight_sensitivity",
    "what_moves_most",
]
