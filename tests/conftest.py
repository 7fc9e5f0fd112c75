"""One profile for property tests: the ordinary run tries the same examples each time, so that a red run is about the
change at hand. `HYPOTHESIS_PROFILE=explore` looks for new ones, and more of them."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
