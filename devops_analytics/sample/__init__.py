"""A seeded, made-up organisation, written as exports in the tools' own formats."""

from devops_analytics.sample.truth import DeploymentTruth, IncidentTruth, SampleTruth
from devops_analytics.sample.writing import write_sample

__all__ = ["DeploymentTruth", "IncidentTruth", "SampleTruth", "write_sample"]
