"""How well points fit the grids and streets under each datum that a Chinese file may be in.

GCJ-02 lies 100 to 700 m from WGS84, in one direction over a whole county, BD-09 about a kilometre.
Inside grids that tile the town nothing of that shows; against the streets it does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geo.assign import StraightParts, assign_grids, nearest_segments, straight_parts
from geo.crs import LONLAT, transform_xy
from geo.datum import BD09, DATUMS, GCJ02, gcj02_to_bd09, wgs84_to_gcj02

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]

WGS84 = "WGS84"
SAMPLE = 5_000


@dataclass(frozen=True)
class DatumFit:
    """The evidence for one datum: shares of the points, and metres.

    only_here  share that lies near a street in this datum and not in the stated one: what a file of
               mixed datums shows as well as one that is all in another.
    """

    datum: str
    inside_share: float
    near_share: float
    median_m: float
    only_here: float

    def __str__(self) -> str:
        return (
            f"{self.datum}: {self.inside_share:.0%} in a grid, {self.near_share:.0%} near a street, "
            f"median {self.median_m:.0f} m"
        )


def datum_fits(
    lon: Floats,
    lat: Floats,
    stated: str,
    polygons: Geometries,
    lines: Geometries | StraightParts,
    compute_crs: str,
    near_m: float,
) -> list[DatumFit]:
    """The fit of each datum, the stated one first; empty where nothing lies in China.

    lon, lat        shape (n,), WGS84 as converted from the stated datum; NaN is left out.
    stated          GCJ-02, BD-09, or any other name for WGS84 (CGCS2000 is the same here).
    polygons, lines in compute_crs, metres.
    near_m          how near a point counts as on a street.
    At most SAMPLE points, evenly taken, are tried.
    """
    located = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    chosen = located[:: max(1, len(located) // SAMPLE)]
    lon, lat = lon[chosen], lat[chosen]
    shifted_lon, shifted_lat = wgs84_to_gcj02(lon, lat)
    if len(lon) == 0 or np.array_equal(shifted_lon, lon):
        return []
    stated = stated if stated in DATUMS else WGS84
    if stated != WGS84:  # back to the numbers of the file
        lon, lat = shifted_lon, shifted_lat
    if stated == BD09:
        lon, lat = gcj02_to_bd09(lon, lat)
    lines = lines if isinstance(lines, StraightParts) else straight_parts(lines)
    fits = []
    near_as_stated = np.zeros(len(lon), dtype=bool)
    for datum in sorted((WGS84, GCJ02, BD09), key=lambda name: name != stated):
        source = LONLAT if datum == WGS84 else datum
        x, y = transform_xy(lon, lat, source, compute_crs)
        inside = assign_grids(x, y, polygons) >= 0
        _, metres = nearest_segments(x, y, lines)
        near = metres <= near_m
        if datum == stated:
            near_as_stated = near
        fits.append(
            DatumFit(
                datum,
                float(inside.mean()),
                float(near.mean()),
                float(np.median(metres)),
                float((near & ~near_as_stated).mean()),
            )
        )
    return fits


@dataclass(frozen=True)
class CrsFit:
    """The evidence for one coordinate system of a file: where its points would lie.

    lon, lat      middle of the `points` that were tried, WGS84 degrees.
    inside_share  of the points in a grid; near_share near a street; median_m to the nearest street
                  (NaN without grids or streets).
    """

    crs: str
    points: int
    lon: float
    lat: float
    inside_share: float
    near_share: float
    median_m: float


def crs_candidates(x: Floats, y: Floats) -> list[str]:
    """Coordinate systems that numbers like these can be in; empty where no usual one can.

    x, y  shape (n,), in the order east, north (or lon, lat); NaN is left out. Degrees in China may be
          WGS84, GCJ-02 or BD-09. Metres are taken for CGCS2000 Gauss-Krüger: eight digits name their
          zone, with six the central meridian cannot be told from the numbers.
    """
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return []
    east, north = float(np.median(x[known])), float(np.median(y[known]))
    if 73 <= east <= 136 and 3 <= north <= 54:
        return [LONLAT, GCJ02, BD09]
    if abs(east) <= 180 and abs(north) <= 90:
        return [LONLAT]
    if not 300_000 <= north <= 6_200_000:
        return []
    zone = int(east // 1_000_000)
    with_zone = {z: 4513 + z - 25 for z in range(25, 46)} | {z: 4491 + z - 13 for z in range(13, 24)}
    codes = [with_zone[zone]] if zone in with_zone else []
    if 100_000 <= east <= 900_000:
        codes = list(range(4534, 4555))
    return [f"EPSG:{code}" for code in codes]


def crs_fits(
    x: Floats,
    y: Floats,
    candidates: list[str],
    polygons: Geometries,
    lines: Geometries | StraightParts,
    compute_crs: str,
    near_m: float,
) -> list[CrsFit]:
    """The fit of each candidate, best first: nearest to the streets, then most inside the grids.

    x, y             shape (n,), as they stand in the file; at most SAMPLE, evenly taken, are tried.
    polygons, lines  in compute_crs, metres; either may be empty.
    """
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    chosen = known[:: max(1, len(known) // SAMPLE)]
    lines = lines if isinstance(lines, StraightParts) else straight_parts(lines)
    fits = []
    for crs in candidates:
        lon, lat = transform_xy(x[chosen], y[chosen], crs, LONLAT)
        metre_x, metre_y = transform_xy(lon, lat, LONLAT, compute_crs)
        inside = assign_grids(metre_x, metre_y, polygons) >= 0 if len(polygons) else None
        metres = nearest_segments(metre_x, metre_y, lines)[1] if len(lines) else None
        fits.append(
            CrsFit(
                crs,
                len(chosen),
                float(np.nanmedian(lon)),
                float(np.nanmedian(lat)),
                np.nan if inside is None else float(inside.mean()),
                np.nan if metres is None else float((metres <= near_m).mean()),
                np.nan if metres is None else float(np.nanmedian(metres)),
            )
        )
    return sorted(fits, key=lambda fit: np.nan_to_num([-fit.near_share, -fit.inside_share]).tolist())
