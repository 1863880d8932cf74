"""Settings of Hypothesis for all tests: the same examples each time, however slow the machine is."""
from hypothesis import HealthCheck, settings

settings.register_profile("course", derandomize=True, deadline=None, database=None,
                          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
settings.load_profile("course")
