"""Has somebody reported this already? Open cases of a matter close to a position, as a bare count."""

from __future__ import annotations

from decimal import Decimal
from math import asin, cos, radians, sin, sqrt

from yinuo.ledger.models import Case

METRES = 100
EARTH = 6_371_000
METRES_A_DEGREE = 111_320


def open_near(matter: str, *, lat: Decimal, lon: Decimal, metres: int = METRES) -> int:
    """How many open cases of `matter` stand within `metres` of the position (degrees).

    A count and nothing else: who reported, what and where exactly stays with those who may see the cases.
    """
    north = Decimal(metres) / METRES_A_DEGREE
    east = north / Decimal(str(max(cos(radians(float(lat))), 0.01)))
    rows = Case.objects.filter(
        matter=matter,
        closed_at__isnull=True,
        lat__range=(lat - north, lat + north),
        lon__range=(lon - east, lon + east),
    ).values_list("lat", "lon")
    here = (float(lat), float(lon))
    return sum(
        distance(here, (float(y), float(x))) <= metres for y, x in rows if y is not None and x is not None
    )


def distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres along the sphere between two (latitude, longitude) in degrees."""
    (lat_a, lon_a), (lat_b, lon_b) = a, b
    half = sin(radians(lat_b - lat_a) / 2) ** 2
    half += cos(radians(lat_a)) * cos(radians(lat_b)) * sin(radians(lon_b - lon_a) / 2) ** 2
    return 2 * EARTH * asin(sqrt(half))
