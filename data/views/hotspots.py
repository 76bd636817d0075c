"""Where problems gather: hot spots of grids and streets, their trend, and densities for the map.

Definitions are those of docs/adr/0009-hot-spots.md; statistics are geo, counting is SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import csr_array

from data.engine import Engine
from data.filters import Filters
from data.standards import threshold
from data.views.overview import ROWS_SHOWN, build_info, complete_days
from geo.bands import band_edges, band_of
from geo.crs import LONLAT, transform_geometry, transform_xy
from geo.density import Raster, heat_map, raster_bands, street_density, street_pieces
from geo.hotspot import hot_spots
from geo.trend import MIN_WEEKS, UNTESTED, trends

SEED = 20_250_101  # any number does; always the same one, so that the same data gives the same map
PER_VISITS = 100  # visits as an exposure are counted in hundreds
LEAST_WEEKS = MIN_WEEKS  # a trend of fewer is not judged
CELLS_PER_KERNEL = 12  # issues are counted in cells this much smaller than the heat map's kernel

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]


def grid_hot_spots(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Gi* of every grid of the period, hottest first; filters.grid_id is ignored.

    columns  grid_id, grid_name, lead_unit, unit (km or visits), numerator (issues), denominator (km of
             street or visits), rate (issues per km or per 100 visits), state, z, p, q, spot_class
             (-3 .. 3, missing where not tested).
    state    tested; no_street, short_street, unseen (nobody looked), few_visits; no_neighbours: no grid
             that touches it has a value. Only `tested` has z, p, q and a class.
    """
    return _hot_grids(engine, filters, _unit(engine, filters))


@dataclass(frozen=True)
class Comparison:
    """Two periods of the same length: one row a grid of either, and the edges both maps share.

    frame  columns of `grid_hot_spots` and band (0 lowest, -1 none), the same of the other period with
           `_before` (missing where the data does not reach back), and change: rate less rate_before.
           Largest changes first.
    """

    frame: pd.DataFrame
    edges: tuple[float, ...]
    reaches_back: bool


def compare_hot_spots(engine: Engine, filters: Filters, other: Filters | None = None) -> Comparison:
    """Hot spots of the period and of another one, on one scale: one exposure, one set of bands.

    other  the same choice in another period, by default the one just before.

    Each class is the one that the map of its period alone shows. Raises ValueError where the periods
    are not of one length: their counts would not compare.
    """
    other = other or filters.previous
    if other.days != filters.days:
        msg = f"periods of {filters.days} and {other.days} days do not compare; take equal lengths."
        raise ValueError(msg)
    reaches_back = other.since >= complete_days(engine)[0]
    periods = (filters, other) if reaches_back else (filters,)
    unit = _unit(engine, *periods)
    frame = _hot_grids(engine, filters, unit)
    before = _hot_grids(engine, other, unit)
    if not reaches_back:
        before = before.iloc[:0]
    both = frame.merge(
        before.drop(columns=["unit"]), on="grid_id", how="outer", suffixes=("", "_before")
    )
    for column in ("grid_name", "lead_unit"):
        both[column] = both[column].fillna(both.pop(f"{column}_before"))
    rates = both[["rate", "rate_before"]].to_numpy(float).ravel()
    edges = band_edges(rates)
    both = both.assign(
        change=both["rate"] - both["rate_before"],
        unit=unit,
        band=band_of(both["rate"].to_numpy(float), edges),
        band_before=band_of(both["rate_before"].to_numpy(float), edges),
    )
    most = both["change"].abs().sort_values(ascending=False, kind="stable", na_position="last")
    return Comparison(both.loc[most.index].reset_index(drop=True), tuple(edges.tolist()), reaches_back)


def segment_hot_spots(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Gi* of every piece of street among those it meets, hottest first; filters.grid_id is ignored.

    Counts issues within near_segment_m of the piece.
    columns  segment_id, street_name, road_class, grid_id, numerator (issues), denominator (metres),
             rate (issues per 100 m), state, z, p, q, spot_class (as in `grid_hot_spots`).
    state    tested; short_segment; unseen: nobody looked in its grid; no_neighbours.
    """
    frame = engine.select(
        "issues_by_segment", near_m=threshold("near_segment_m"), **filters.county_params
    )
    frame = frame.rename(columns={"reported": "numerator", "length_m": "denominator"})
    is_short = frame["denominator"] < threshold("min_segment_m")
    is_unseen = (frame.pop("seen") == 0) & (frame["numerator"] == 0)
    frame["state"] = np.select([is_short, is_unseen], ["short_segment", "unseen"], default="tested")
    frame["rate"] = 100 * frame["numerator"] / frame["denominator"].where(frame["state"] == "tested")
    touches = _touches(engine.select("segment_neighbours"), frame["segment_id"])
    return _hottest_first(_tested(frame, touches, "segment_draws"))


@dataclass(frozen=True)
class TrendClasses:
    """The trend class of every grid over the whole weeks `[since, until)`; 0 weeks: too little data.

    frame  grid_id, grid_name, lead_unit, trend_class (code of geo.trend), state (as in
           `grid_hot_spots`, or few_weeks), hot_weeks, cold_weeks, trend_z, trend_p, numerator (issues
           over the weeks), denominator (km of street).
    """

    frame: pd.DataFrame
    since: date
    until: date
    weeks: int


def trend_classes(engine: Engine, filters: Filters) -> TrendClasses:
    """Which hot spots are new, which persist, which fade; weeks end with the period.

    Always `trend_weeks` weeks back from filters.until, or as many as the data has; filters.since and
    filters.grid_id are ignored. Per km of street: visits of single weeks are too few.
    """
    first = complete_days(engine)[0]
    weeks = min(int(threshold("trend_weeks")), max((filters.until - first).days // 7, 0))
    enough = weeks >= LEAST_WEEKS
    since = filters.until - timedelta(days=7 * weeks if enough else 1)
    whole = filters.in_grid().between(since, filters.until)
    frame = _per_km(engine, whole)
    if not enough:
        frame["state"] = frame["state"].where(frame["state"] != "tested", "few_weeks")
    values = np.full((len(frame), max(weeks, LEAST_WEEKS)), np.nan)
    has_rate = (frame["state"] == "tested").to_numpy()
    values[has_rate] = 0.0
    if enough:
        counts = engine.select("issues_by_grid_week", **whole.county_params)
        row = pd.Index(frame["grid_id"]).get_indexer(pd.Index(counts["grid_id"]))
        inside = row >= 0
        week = weeks - 1 - counts["week_number"].to_numpy(int)
        values[row[inside], week[inside]] += counts["reported"].to_numpy(float)[inside]
        values /= frame["denominator"].to_numpy(float)[:, None]
    found = trends(
        values,
        _touches(engine.select("grid_neighbours"), frame["grid_id"]),
        np.random.default_rng(SEED),
        threshold("trend_q"),
        threshold("trend_level"),
        most_draws=int(threshold("trend_draws")),
    )
    alone = has_rate & (found.trend_class == UNTESTED)
    frame["state"] = np.where(alone, "no_neighbours", frame["state"])
    frame = frame.assign(
        trend_class=found.trend_class,
        hot_weeks=(found.spot > 0).sum(axis=1),
        cold_weeks=(found.spot < 0).sum(axis=1),
        trend_z=found.trend_z,
        trend_p=found.trend_p,
    ).drop(columns=["unit", "rate"])
    return TrendClasses(frame, since, filters.until, weeks if enough else 0)


def street_densities(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Issues per 100 m along streets, one row a short piece, densest first.

    A fixed kernel (street_bandwidth_m) that follows the network. With filters.grid_id only the pieces
    of that grid are returned; issues in the next grid still reach in. Pieces that no kernel reaches are
    left out.
    columns  segment_id, street_name, grid_id, from_m, to_m (along the segment), per_100m, numerator
             (issues that the kernel puts on the piece), denominator (metres of the piece), reported
             (issues counted on the whole segment: `segment_records` lists them).
    """
    streets = engine.select("segment_lines")
    # Issues stand in the middle of their step: far less than the kernel's width, and much quicker.
    step_m = threshold("street_piece_m")
    issues = engine.select(
        "issues_along_segment",
        near_m=threshold("near_segment_m"),
        step_m=step_m,
        **filters.county_params,
    )
    line = pd.Index(streets["segment_id"]).get_indexer(pd.Index(issues["segment_id"]))
    count = issues["reported"].to_numpy(int)
    along_m = np.minimum((issues["step"] + 0.5) * step_m, streets["length_m"].to_numpy(float)[line])
    density = street_density(
        _shapes(streets["geom"]),
        line,
        along_m.to_numpy(float),
        threshold("street_bandwidth_m"),
        threshold("street_piece_m"),
        threshold("junction_m"),
        count.astype(float),
    )
    reported = np.bincount(line, count, len(streets)).astype(int)
    wanted = density.per_100m > 0
    if filters.grid_id:
        wanted &= (streets["grid_id"] == filters.grid_id).to_numpy(bool, na_value=False)[density.line]
    # The densest first; ties in the order of the streets, which is that of their ids.
    rows = np.flatnonzero(wanted)
    rows = rows[np.argsort(-density.per_100m[rows], kind="stable")]
    of, length = density.line[rows], density.to_m[rows] - density.from_m[rows]
    return pd.DataFrame(
        {
            "segment_id": streets["segment_id"].to_numpy(object)[of],
            "street_name": streets["street_name"].to_numpy(object)[of],
            "grid_id": streets["grid_id"].to_numpy(object)[of],
            "from_m": density.from_m[rows],
            "to_m": density.to_m[rows],
            "per_100m": density.per_100m[rows],
            "numerator": density.per_100m[rows] * length / 100,
            "denominator": length,
            "reported": reported[of],
        }
    )


@dataclass(frozen=True)
class StreetDensity:
    """Street densities for a map.

    frame    the rows of `street_densities` with band (0 lowest); lines  their shapes in lon/lat, (k,);
    streets  of these rows the densest piece of each segment, densest first;
    edges    of the bands, issues per 100 m.
    """

    frame: pd.DataFrame
    lines: Geometries
    streets: pd.DataFrame
    edges: tuple[float, ...]


def street_density_map(engine: Engine, filters: Filters) -> StreetDensity:
    """Street densities with their shapes and bands; filters as in `street_densities`."""
    rows = street_densities(engine, filters)
    per_100m = rows["per_100m"].to_numpy(float)
    edges = band_edges(per_100m)
    rows = rows.assign(band=band_of(per_100m, edges))
    if rows.empty:
        return StreetDensity(rows, np.empty(0, dtype=object), rows, ())
    streets = engine.select("segment_lines")
    line = pd.Index(streets["segment_id"]).get_indexer(pd.Index(rows["segment_id"]))
    own, place = np.unique(line, return_inverse=True)
    pieces = street_pieces(
        _shapes(streets["geom"].iloc[own]), place, rows["from_m"].to_numpy(), rows["to_m"].to_numpy()
    )
    lines = transform_geometry(pieces, _compute_crs(engine), LONLAT)
    densest = rows.drop_duplicates("segment_id", ignore_index=True)
    return StreetDensity(rows, lines, densest, tuple(edges.tolist()))


def segment_records(
    engine: Engine, filters: Filters, segment_id: str, most: int = ROWS_SHOWN
) -> pd.DataFrame:
    """The records behind the number of a piece of street, newest first; total: how many there are."""
    return engine.select(
        "segment_records",
        segment_id=segment_id,
        near_m=threshold("near_segment_m"),
        row_limit=most,
        **filters.county_params,
    )


def heat_cells(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Issues per square kilometre by a fixed quartic kernel, one row a cell that it reaches.

    The cells are those of one raster over the grids of the build, whatever the period: two periods
    compare cell by cell. Only for the eye: nothing is tested.
    columns  row, column (from the south-west), lon, lat (centre, WGS84), per_km2, numerator (issues
             that the kernel puts on the cell), denominator (square kilometres of a cell).
    """
    raster, crs = _heat(engine, filters), _compute_crs(engine)
    row, column = np.nonzero(raster.per_km2 > 0)
    x = np.asarray(raster.west + (column + 0.5) * raster.cell_m, np.float64)
    y = np.asarray(raster.south + (row + 0.5) * raster.cell_m, np.float64)
    lon, lat = transform_xy(x, y, crs, LONLAT)
    per_km2, km2 = raster.per_km2[row, column], (raster.cell_m / 1000) ** 2
    return pd.DataFrame(
        {
            "row": row,
            "column": column,
            "lon": lon,
            "lat": lat,
            "per_km2": per_km2,
            "numerator": per_km2 * km2,
            "denominator": km2,
        }
    )


@dataclass(frozen=True)
class HeatBands:
    """The heat map for the eye: one shape in lon/lat a band, and the edges, issues per square km."""

    shapes: Geometries
    edges: tuple[float, ...]


def heat_bands(engine: Engine, filters: Filters) -> HeatBands:
    """The cells of `heat_cells` joined by band, lowest first; no shapes where there are no issues."""
    raster = _heat(engine, filters)
    values = raster.per_km2[raster.per_km2 > 0]
    if not len(values):
        return HeatBands(np.empty(0, dtype=object), ())
    edges = band_edges(values)
    shapes = transform_geometry(raster_bands(raster, edges), _compute_crs(engine), LONLAT)
    return HeatBands(shapes, tuple(edges.tolist()))


def _heat(engine: Engine, filters: Filters) -> Raster:
    build, crs = build_info(engine), _compute_crs(engine)
    bandwidth_m, cell_m = threshold("heat_bandwidth_m"), threshold("heat_cell_m")
    step_lat = bandwidth_m / CELLS_PER_KERNEL / 111_000
    issues = engine.select(
        "issues_by_cell",
        step_lat=step_lat,
        step_lon=step_lat / np.cos(np.radians((build.south + build.north) / 2)),
        **filters.params,
    )
    x, y = transform_xy(issues["lon"].to_numpy(float), issues["lat"].to_numpy(float), LONLAT, crs)
    corner_x, corner_y = transform_xy(
        np.array([build.west, build.east, build.west, build.east]),
        np.array([build.south, build.south, build.north, build.north]),
        LONLAT,
        crs,
    )
    # Whole multiples of a cell: a border that moves a little does not move the cells.
    west, south = (np.floor(v.min() / cell_m) * cell_m for v in (corner_x, corner_y))
    bounds = (west, south, corner_x.max(), corner_y.max())
    return heat_map(x, y, bounds, bandwidth_m, cell_m, issues["reported"].to_numpy(float))


def _unit(engine: Engine, *periods: Filters) -> str:
    """visits where most grids have enough of them in every period, else km.

    A few logged visits must not take the streets' place and leave the county untested.
    """
    for filters in periods:
        grids = engine.select("issues_by_grid", **filters.county_params)["grid_id"]
        visits = _visits(engine, filters)
        enough = visits.loc[visits["visits"] >= threshold("min_visits"), "grid_id"]
        if not (len(grids) and grids.isin(enough).mean() >= threshold("visit_log_share")):
            return "km"
    return "visits"


def _hot_grids(engine: Engine, filters: Filters, unit: str) -> pd.DataFrame:
    frame = _per_km(engine, filters) if unit == "km" else _per_visits(engine, filters)
    touches = _touches(engine.select("grid_neighbours"), frame["grid_id"])
    return _hottest_first(_tested(frame, touches, "hot_draws"))


def _per_km(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Issues per km of street by grid, in the order of grid_id; rate only where state is tested."""
    frame = engine.select("issues_by_grid", **filters.county_params)
    km = frame.pop("street_km")
    frame["state"] = np.select(
        [km == 0, km < threshold("min_street_km"), frame.pop("seen") == 0],
        ["no_street", "short_street", "unseen"],
        default="tested",
    )
    return _rated(frame, "km", km, 1)


def _per_visits(engine: Engine, filters: Filters) -> pd.DataFrame:
    """Issues per 100 visits by grid, as `_per_km`."""
    frame = engine.select("issues_by_grid", **filters.county_params).drop(columns=["street_km", "seen"])
    visits = _visits(engine, filters)
    count = frame["grid_id"].map(visits.set_index("grid_id")["visits"]).fillna(0).astype(float)
    frame["state"] = np.select(
        [count == 0, count < threshold("min_visits")], ["unseen", "few_visits"], default="tested"
    )
    return _rated(frame, "visits", count, PER_VISITS)


def _visits(engine: Engine, filters: Filters) -> pd.DataFrame:
    # Borders are drawn by hand: a metre of a street beyond one does not bring its visits along.
    least_m = threshold("min_segment_m")
    return engine.select("visits_by_grid", since=filters.since, until=filters.until, least_m=least_m)


def _rated(frame: pd.DataFrame, unit: str, exposure: pd.Series, per: float) -> pd.DataFrame:
    numerator = frame.pop("reported").astype(int)
    return frame.assign(
        unit=unit,
        numerator=numerator,
        denominator=exposure,
        rate=per * numerator / exposure.where(frame["state"] == "tested"),
    )


def _tested(frame: pd.DataFrame, touches: csr_array, draws: str) -> pd.DataFrame:
    """The frame with z, p, q and spot_class of `rate`; draws: the threshold that caps permutations."""
    found = hot_spots(
        frame["rate"].to_numpy(float),
        touches,
        np.random.default_rng(SEED),
        most_draws=int(threshold(draws)),
        levels=(threshold("hot_q_1"), threshold("hot_q_2"), threshold("hot_q_3")),
    )
    alone = (frame["state"] == "tested") & np.isnan(found.z)
    return frame.assign(
        state=frame["state"].mask(alone, "no_neighbours"),
        z=found.z,
        p=found.p,
        q=found.q,
        spot_class=pd.array(found.spot_class, dtype="Int64"),
    )


def _hottest_first(frame: pd.DataFrame) -> pd.DataFrame:
    key = "segment_id" if "segment_id" in frame else "grid_id"
    return frame.sort_values(["z", key], ascending=[False, True], ignore_index=True)


def _touches(pairs: pd.DataFrame, ids: pd.Series) -> csr_array:
    """Who touches whom among these ids: ones, shape (n, n). Pairs with others are left out."""
    index = pd.Index(ids)
    first, second = (index.get_indexer(pd.Index(pairs.iloc[:, side])) for side in (0, 1))
    known = (first >= 0) & (second >= 0)
    ones = np.ones(known.sum())
    return csr_array((ones, (first[known], second[known])), shape=(len(index), len(index)))


def _shapes(wkb: pd.Series) -> Geometries:
    shapes: Geometries = shapely.from_wkb([bytes(one) for one in wkb])
    return shapes


def _compute_crs(engine: Engine) -> str:
    return str(engine.select("build").iloc[0]["compute_crs"])
