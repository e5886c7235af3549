"""The city's people for every test of the use cases."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def city(db: None) -> Any:
    """The demo's people, in office for years (lives.People)."""
    import lives  # its models need Django, which is set up after this file is read

    return lives.move_in()
