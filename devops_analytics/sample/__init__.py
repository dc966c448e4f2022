"""A seeded, made-up organisation, written as exports in the tools' own formats."""

from devops_analytics.sample.truth import DeploymentTruth, IncidentTruth, SampleTruth
from devops_analytics.sample.workdays import END as SAMPLE_END
from devops_analytics.sample.writing import write_sample

__all__ = ["SAMPLE_END", "DeploymentTruth", "IncidentTruth", "SampleTruth", "write_sample"]
