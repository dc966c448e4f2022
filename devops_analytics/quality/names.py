"""Groups of metrics that checks name."""

from typing import Final

LEAD_TIME: Final = ("change_lead_time", "change_lead_time_p85", "change_lead_time_p90")
FROM_AUTHORED: Final = ("change_lead_time_from_authored",)
BY_CHANGE: Final = ("change_lead_time_by_change",)
FREQUENCY: Final = ("deployment_frequency", "deployment_days_per_week")
RESTORE: Final = ("time_to_restore", "time_to_restore_p85", "time_to_restore_p90")
RECOVERY: Final = (
    "failed_deployment_recovery_time",
    "failed_deployment_recovery_time_from_incident",
)
FAIL_RATE: Final = ("change_fail_rate", "change_fail_rate_by_incident")
PIPELINES: Final = ("pipeline_success_rate", "pipeline_duration", "re_run_share")
CARRIED: Final = (*LEAD_TIME, "commits_per_deployment")
"""What rests on which commits a deployment carried."""

DELIVERY_DATES: Final = (*FREQUENCY, *LEAD_TIME, *FAIL_RATE, *RECOVERY)
"""What rests on when production was deployed to."""
