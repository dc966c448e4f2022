"""The errors a user can meet: texts say what was found, where, what is allowed, what to do."""


class DevopsAnalyticsError(Exception):
    """Any trouble that is the input's or the settings', not the program's."""


class SettingsError(DevopsAnalyticsError):
    """A settings file that can't be used as it stands."""


class ExportError(DevopsAnalyticsError):
    """An export that can't be read at all (a bad row is quarantined instead)."""


class PeriodError(DevopsAnalyticsError):
    """A period that can't be understood or can't be measured."""


class UnknownNameError(DevopsAnalyticsError):
    """A metric, service, team, source or notebook that doesn't exist."""


class ReportError(DevopsAnalyticsError):
    """A report that could not be rendered; the executed notebook is kept for debugging."""
