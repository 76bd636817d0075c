from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.density import StreetDensity, heat_map, raster_bands, street_density, street_pieces

Floats = npt.NDArray[np.float64]
Geometries = npt.NDArray[np.object_]


def streets(*coordinates: list[tuple[float, float]]) -> Geometries:
    return np.array([shapely.LineString(points) for points in coordinates], dtype=object)


def issues(*places: tuple[int, float]) -> tuple[npt.NDArray[np.int64], Floats]:
    line, along = zip(*places, strict=True)
    return np.array(line), np.array(along, dtype=float)


def quartic(metres: float, bandwidth_m: float) -> float:
    """Height of the one-dimensional quartic kernel, per metre."""
    return 15 / 16 * max(0.0, 1 - (metres / bandwidth_m) ** 2) ** 2 / bandwidth_m


def per_metre(density: StreetDensity, line: int, at_m: float) -> float:
    """Density at a place, from the fine pieces on both sides of it."""
    mine = (density.line == line) & (density.from_m <= at_m + 1e-9) & (density.to_m >= at_m - 1e-9)
    return float(density.per_100m[mine].mean() / 100)


def total(density: StreetDensity) -> float:
    return float((density.per_100m * (density.to_m - density.from_m)).sum() / 100)


def mesh(seed: int, side: int = 4) -> Geometries:
    """A bent street net with a few streets taken out, so that there are dead ends."""
    random = np.random.default_rng(seed)
    at = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), -1) * 60.0
    at = at + random.uniform(-20, 20, at.shape)
    lines = []
    for a in range(side):
        for b in range(side):
            for c, d in ((a + 1, b), (a, b + 1)):
                if c < side and d < side and random.random() < 0.8:
                    middle = (at[a, b] + at[c, d]) / 2 + random.uniform(-8, 8, 2)
                    lines.append(shapely.LineString([at[a, b], middle, at[c, d]]))
    return np.array(lines, dtype=object)


CROSS = streets([(0, 50), (0, 0)], [(-50, 0), (0, 0)], [(0, -50), (0, 0)], [(50, 0), (0, 0)])


# --- along streets ---------------------------------------------------------------------------------


def test_a_crossing_shares_the_kernel_out_equally() -> None:
    """Okabe, Satoh & Sugihara 2009, equal-split discontinuous kernel; the case of spNetwork's
    test_kernels.R: four arms, an issue 3 m up one, 6 m to a place on another, h = 10 m: K(6) / 3."""
    arms = streets([(0.1, 5.1), (0.1, 0.1)], [(-5.1, 0.1), (0.1, 0.1)], [(0.1, -5.1), (0.1, 0.1)],
                   [(5.1, 0.1), (0.1, 0.1)])  # fmt: skip
    density = street_density(arms, *issues((0, 2.0)), bandwidth_m=10, piece_m=0.01, tolerance_m=0.01)
    assert per_metre(density, 3, 2.0) == pytest.approx(quartic(6, 10) / 3, rel=1e-4)
    # Two kernels lie on the way back from the dead end 2 m behind the issue.
    assert per_metre(density, 0, 1.0) == pytest.approx(quartic(1, 10) + quartic(3, 10), rel=1e-4)


def test_by_hand_through_two_junctions() -> None:
    """An issue 20 m before a crossing of four, then a fork into two: K(d) / 3 / 2 behind both."""
    lines = streets(
        [(-100, 0), (0, 0)], [(0, 100), (0, 0)], [(0, -100), (0, 0)], [(0, 0), (30, 0)],
        [(30, 0), (130, 40)], [(130, -40), (30, 0)],
    )  # fmt: skip
    density = street_density(lines, *issues((0, 80.0)), bandwidth_m=100, piece_m=0.05)
    assert per_metre(density, 0, 50) == pytest.approx(quartic(30, 100), rel=1e-3)
    assert per_metre(density, 1, 90) == pytest.approx(quartic(30, 100) / 3, rel=1e-3)
    assert per_metre(density, 3, 10) == pytest.approx(quartic(30, 100) / 3, rel=1e-3)
    assert per_metre(density, 4, 10) == pytest.approx(quartic(60, 100) / 6, rel=1e-3)
    assert per_metre(density, 5, shapely.length(lines[5]) - 10) == pytest.approx(
        quartic(60, 100) / 6, rel=1e-3
    )


@given(st.integers(0, 2**32 - 1), st.floats(10, 400), st.floats(1, 30), st.integers(1, 40))
@settings(max_examples=60)
def test_no_issue_is_lost_or_made(seed: int, bandwidth: float, piece: float, count: int) -> None:
    lines, random = mesh(seed), np.random.default_rng(seed)
    line = random.integers(len(lines), size=count)
    along = random.choice([0, 0.3, 0.5, 1], count) * shapely.length(lines[line])
    density = street_density(lines, line, along, bandwidth, piece)
    # Shares below a millionth of an issue are dropped.
    assert total(density) == pytest.approx(count, rel=1e-3)
    assert (density.per_100m >= 0).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_issues_everywhere_alike_are_as_dense_everywhere(seed: int) -> None:
    """The kernel is the same seen from either end, so an even density stays even at junctions and
    dead ends (Okabe & Sugihara 2012: the estimator is unbiased)."""
    lines = mesh(seed)
    every = street_density(lines, *issues((0, 0.0)), bandwidth_m=80, piece_m=0.5)
    middle, length = (every.from_m + every.to_m) / 2, every.to_m - every.from_m
    line = np.repeat(every.line, 1)
    density = street_density(lines, line, middle, bandwidth_m=80, piece_m=0.5)
    assert density.per_100m * length.mean() == pytest.approx(np.full(len(line), 100.0), rel=0.05)


def test_the_street_beside_gets_nothing() -> None:
    lines = streets([(0, 0), (500, 0)], [(0, 10), (500, 10)])
    density = street_density(lines, *issues((0, 250.0)))
    assert not density.per_100m[density.line == 1].any()
    assert total(density) == pytest.approx(1)
    assert density.per_100m.max() == pytest.approx(quartic(0, 100) * 100, rel=0.01)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_cutting_a_street_or_turning_it_round_changes_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    at = random.uniform(5, 45)
    cut = np.concatenate([CROSS[:3], streets([(50, 0), (at, 0)], [(0, 0), (at, 0)])])
    place = random.uniform(0, 50)
    whole = street_density(CROSS, *issues((0, place)), bandwidth_m=70, piece_m=0.5)
    parts = street_density(cut, *issues((0, place)), bandwidth_m=70, piece_m=0.5)
    for x in random.uniform(1, 49, 5):
        line, along = (3, 50 - x) if x > at else (4, x)
        expected = per_metre(whole, 3, 50 - x)
        assert per_metre(parts, line, along) == pytest.approx(expected, rel=0.05, abs=1e-4)


def test_what_lies_within_a_junction_is_no_way_out_of_it() -> None:
    """Cutting streets at borders leaves pieces of millimetres; the crossing still has four arms."""
    arms = streets([(0, 50), (0, 0.003)], [(-50, 0), (0, 0)], [(0, -50), (0, 0)], [(50, 0), (0, 0)])
    left_over = streets([(0, 0.003), (0, 0)], [(0, 0), (0.004, 0)], [(0, 0), (0, -0.002)])
    both = np.concatenate([arms, left_over])
    places = issues((0, 30.0), (1, 45.0), (2, 10.0))
    alone, among = (street_density(lines, *places, bandwidth_m=60) for lines in (arms, both))
    is_arm = among.line < len(arms)
    np.testing.assert_allclose(among.per_100m[is_arm], alone.per_100m)
    on_one = street_density(both, *issues((4, 0.001)), bandwidth_m=60)
    assert total(on_one) == pytest.approx(1), "an issue on a leftover goes out by all four arms"
    assert per_metre(on_one, 1, 40) == pytest.approx(per_metre(on_one, 3, 40))


def test_issues_add_up_and_many_at_one_place_count_each() -> None:
    one, other = issues((0, 10.0)), issues((3, 20.0))
    both = issues((0, 10.0), (3, 20.0), (0, 10.0))
    a, b, c = (street_density(CROSS, *places) for places in (one, other, both))
    assert c.per_100m == pytest.approx(2 * a.per_100m + b.per_100m)


def test_a_multiline_is_measured_part_after_part() -> None:
    broken = shapely.MultiLineString([[(0, 0), (100, 0)], [(1000, 0), (1100, 0)]])
    lines = np.array([broken, shapely.LineString([(100, 0), (100, 80)])], dtype=object)
    density = street_density(lines, *issues((0, 90.0), (0, 98.0), (0, 160.0)), bandwidth_m=20)
    first = (density.line == 0) & (density.to_m <= 100)
    assert density.from_m[density.line == 0].tolist() == list(range(0, 200, 10))
    mass = density.per_100m * (density.to_m - density.from_m) / 100
    assert mass[density.line == 1].sum() > 0.3
    assert mass[first].sum() + mass[density.line == 1].sum() == pytest.approx(2)
    assert total(density) == pytest.approx(3)


@given(st.integers(0, 2**32 - 1), st.floats(2, 40))
@settings(max_examples=30)
def test_pieces_are_cut_where_they_say_and_cover_the_streets(seed: int, piece: float) -> None:
    lines = mesh(seed)
    lines[0] = shapely.MultiLineString([lines[0], shapely.LineString([(900, 0), (950, 0), (950, 9)])])
    density = street_density(lines, *issues((0, 0.0)), piece_m=piece)
    shapes = street_pieces(lines, density.line, density.from_m, density.to_m)
    assert shapely.length(shapes) == pytest.approx(density.to_m - density.from_m)
    assert (density.to_m - density.from_m <= piece + 1e-6).all()
    for number, line in enumerate(lines):
        mine = shapes[density.line == number]
        assert shapely.length(mine).sum() == pytest.approx(line.length)
        assert shapely.hausdorff_distance(shapely.union_all(mine), line) < 1e-6


def test_a_ring_and_a_stub_by_itself_end() -> None:
    lines = streets([(0, 0), (3, 0), (3, 3), (0, 0)], [(50, 0), (50.5, 0)])
    density = street_density(lines, *issues((0, 1.0), (1, 0.2)))
    mass = density.per_100m * (density.to_m - density.from_m) / 100
    assert [mass[density.line == line].sum() for line in (0, 1)] == pytest.approx([1, 1])


def test_no_issues_and_wrong_ones() -> None:
    none = np.empty(0, dtype=np.int64)
    assert not street_density(CROSS, none, none.astype(float)).per_100m.any()
    with pytest.raises(ValueError, match="leave out -1"):
        street_density(CROSS, *issues((-1, 0.0)))
    with pytest.raises(ValueError, match="above zero"):
        street_density(CROSS, *issues((0, 0.0)), bandwidth_m=0)


# --- over the plane --------------------------------------------------------------------------------


def test_one_issue_is_the_published_kernel() -> None:
    """Silverman 1986, equation 4.5: 3 / (pi h^2) (1 - d^2 / h^2)^2."""
    raster = heat_map(np.array([500.0]), np.array([500.0]), (0, 0, 1000, 1000), 200, 10)
    x = np.arange(5, 1000, 10) - 500.0
    d = np.hypot(x[:, None], x[None])
    expected = 3 / (np.pi * 0.2**2) * np.maximum(0, 1 - (d / 200) ** 2) ** 2
    assert raster.per_km2 == pytest.approx(expected)


@given(
    st.lists(st.tuples(st.floats(300, 700), st.floats(300, 500)), min_size=1, max_size=20),
    st.floats(80, 250),
)
def test_cells_add_up_to_the_issues(at: list[tuple[float, float]], bandwidth: float) -> None:
    x, y = np.array(at).T
    raster = heat_map(x, y, (0, 0, 1000, 800), bandwidth, 10)
    assert raster.per_km2.shape == (80, 100)
    assert raster.per_km2.sum() * 0.01**2 == pytest.approx(len(at), rel=0.02)


def test_rows_go_north_columns_east_and_dates_compare() -> None:
    bounds = (0.0, 0.0, 1000.0, 500.0)
    x, y = np.array([905.0, np.nan, 1050.0]), np.array([95.0, 10.0, 495.0])
    raster = heat_map(x, y, bounds, 100, 10)
    assert np.unravel_index(raster.per_km2.argmax(), raster.per_km2.shape) == (9, 90)
    assert raster.per_km2[49, 99] > 0  # an issue outside reaches in
    nothing = heat_map(x[:0], y[:0], bounds, 100, 10)
    assert nothing.per_km2.shape == raster.per_km2.shape
    assert not nothing.per_km2.any()
    twice = heat_map(np.tile(x, 2), np.tile(y, 2), bounds, 100, 10)
    assert twice.per_km2 == pytest.approx(2 * raster.per_km2)


def test_empty_bounds_are_refused() -> None:
    for bad in ((0, 0, 0, 1), (0, 1, 1, 0)):
        with pytest.raises(ValueError, match="above zero"):
            heat_map(np.array([0.0]), np.array([0.0]), bad, 100, 10)


def test_bands_of_a_raster_hold_every_cell_once() -> None:
    raster = heat_map(np.array([300.0, 320, 700]), np.full(3, 400.0), (0, 0, 1000, 800), 150, 20)
    values = raster.per_km2[raster.per_km2 > 0]
    edges = np.quantile(values, [0.3, 0.8])
    shapes = raster_bands(raster, edges)
    cells = [(values < edges[0]).sum(), ((values >= edges[0]) & (values < edges[1])).sum()]
    cells.append((values >= edges[1]).sum())
    np.testing.assert_allclose(shapely.area(shapes), np.array(cells) * 20.0**2)
    assert shapely.area(shapely.union_all(shapes)) == pytest.approx(len(values) * 20.0**2)
