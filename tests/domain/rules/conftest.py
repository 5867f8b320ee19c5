"""Property tests on a busy machine: how long one example takes proves nothing."""

from hypothesis import settings

settings.register_profile("rules", deadline=None, max_examples=100)
settings.load_profile("rules")
