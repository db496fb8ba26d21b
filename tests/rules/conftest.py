"""Settings of Hypothesis for the rules: a busy machine must not turn a slow example into a failure."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
