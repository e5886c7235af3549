"""Pages keep some figures for a minute; a test must not see those of the test before it."""

from __future__ import annotations

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()
