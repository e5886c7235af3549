"""A city of the ledger's own: written by the run-time role, then handed to somebody with all power."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def office(fresh_city: Any) -> Any:
    """People at work in a city whose cases are committed."""
    import books  # its models need Django, which is set up after this file is read

    return books.move_in()


@pytest.fixture(scope="module")
def book(cities: Any, django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """books.Book in a city of the module's own, to which Django is connected as the server's superuser."""
    import books
    from django.db import connections

    city = cities.copy(f"run_{os.getpid()}_book")
    with django_db_blocker.unblock():
        before = books.connect(city.dsn_run)
        try:
            written = books.write()
            books.connect(cities.server.dsn(role="postgres", database=city.name))
            yield written
        finally:
            connections["default"].close()
            connections.settings["default"].update(before)
            cities.drop(city)
