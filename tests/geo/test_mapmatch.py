from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.coverage import union_lengths
from geo.mapmatch import MODEL, Fixes, Intervals, match_tracks
from geo.network import Network, Reach, build_network, network_reach
from tests.geo import gps_truth

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]
Geometries = npt.NDArray[np.object_]

SIDE = 6  # junctions a side of the simulated town
BLOCK_M = 120.0
NOON = np.datetime64("2025-03-01T12:00:00", "ms")


def seconds(values: Floats | list[float]) -> Times:
    return NOON + np.round(np.asarray(values) * 1000).astype("timedelta64[ms]")


def net_of(
    lines: Geometries, *, is_two_way: npt.NDArray[np.bool_] | None = None
) -> tuple[Network, Reach]:
    network = build_network(lines, is_two_way=is_two_way)
    return network, network_reach(network, 1500)


def match(
    net: tuple[Network, Reach], x: list[float], y: list[float], t: list[float], **model: float
) -> tuple[Fixes, Intervals]:
    track = np.zeros(len(x), dtype=np.int64)
    at = seconds(t)
    return match_tracks(*net, track, at, np.array(x), np.array(y), replace(MODEL, **model))


def metres_by_line(found: Intervals, lines: int) -> Floats:
    return union_lengths(found.line, found.from_m, found.to_m, lines)


# --- the truth ------------------------------------------------------------------------------------


@pytest.mark.real
@pytest.mark.skipif(not gps_truth.FOLDER.is_dir(), reason="../shared/data is not here")
def test_the_streets_of_263_hand_corrected_tracks_are_found() -> None:
    """Recall >= .95 and precision >= .93 (gps_truth/README.md); snapping each fix recalls .42."""
    truth = gps_truth.read_truth()
    assert len(np.unique(truth.track)) == truth.expected["tracks"] == 263
    assert len(truth.x) == truth.expected["points"]
    network = build_network(truth.lines, tolerance_m=gps_truth.TOLERANCE_M)
    reach = network_reach(network, 1500)
    fixes, found = match_tracks(network, reach, truth.track, truth.at, truth.x, truth.y)
    recall, precision = truth.scores(found.track, found.line)
    assert recall >= max(0.95, truth.expected["fastmm"]["recall"])
    assert precision >= max(0.93, truth.expected["fastmm"]["precision"])
    assert (fixes.line >= 0).mean() > 0.99

    located = fixes.line >= 0
    recall, _ = truth.scores(truth.track[located], fixes.line[located])
    assert recall < 0.5  # the fixes alone, however well placed, miss what lies between them


# --- simulated drives -----------------------------------------------------------------------------


def town(random: np.random.Generator) -> tuple[Geometries, Floats, Ints]:
    """Streets between crooked junctions; coordinates of the junctions; ends of each street."""
    number = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
    ends = np.concatenate(
        [
            np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1),
            np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1),
        ]
    )
    row, column = np.divmod(np.arange(SIDE * SIDE), SIDE)
    xy = np.stack([column, row], axis=1) * BLOCK_M + random.uniform(-20, 20, (SIDE * SIDE, 2))
    xy += [500_000, 3_400_000]
    middle = xy[ends].mean(axis=1) + random.uniform(-8, 8, (len(ends), 2))
    bent = np.stack([xy[ends[:, 0]], middle, xy[ends[:, 1]]], axis=1)
    return shapely.linestrings(bent), xy, ends


def stroll(random: np.random.Generator, ends: Ints, streets: int) -> list[tuple[int, bool]]:
    """Streets driven one after the other, and whether as drawn; never back at once."""
    node, last, route = int(random.integers(SIDE * SIDE)), -1, []
    for _ in range(streets):
        ways = [(k, 0) for k in np.flatnonzero(ends[:, 0] == node)]
        ways += [(k, 1) for k in np.flatnonzero(ends[:, 1] == node)]
        ways = [way for way in ways if way[0] != last]
        last, side = ways[random.integers(len(ways))]
        route.append((int(last), side == 0))
        node = int(ends[last, 1 - side])
    return route


def drive(
    lines: Geometries, route: list[tuple[int, bool]], speed_m_s: float, every_s: float
) -> tuple[Floats, Floats, Floats]:
    """x, y and seconds of fixes without noise along the whole route, its end included."""
    driven = [lines[k] if forward else shapely.reverse(lines[k]) for k, forward in route]
    path = shapely.linestrings(np.concatenate([shapely.get_coordinates(line) for line in driven]))
    t = np.append(np.arange(0, path.length / speed_m_s, every_s), path.length / speed_m_s)
    at = shapely.get_coordinates(shapely.line_interpolate_point(path, t * speed_m_s))
    return at[:, 0], at[:, 1], t


@given(st.integers(0, 2**32 - 1), st.floats(2, 12), st.floats(4, 12), st.integers(3, 15))
@settings(max_examples=200)
def test_a_drive_without_noise_is_found_metre_by_metre(
    seed: int, speed: float, every: float, streets: int
) -> None:
    random = np.random.default_rng(seed)
    lines, _, ends = town(random)
    route = stroll(random, ends, streets)
    x, y, t = drive(lines, route, speed, min(every, 40 / speed))
    net = net_of(lines)
    fixes, found = match(net, x.tolist(), y.tolist(), t.tolist())
    true = np.zeros(len(lines))
    true[[k for k, _ in route]] = shapely.length(lines)[[k for k, _ in route]]
    got = metres_by_line(found, len(lines))
    # Repeats at the end and corners cut between fixes are all that may be missing.
    assert np.abs(got - true).sum() <= 0.05 * true.sum() + 12
    assert (found.to_m > found.from_m).all()
    assert (np.diff(found.entered_at) >= np.timedelta64(0)).all()
    assert (found.left_at >= found.entered_at).all()
    assert np.nanmax(fixes.offset_m) <= 12


@given(st.integers(0, 2**32 - 1), st.floats(2, 12), st.integers(5, 15))
@settings(max_examples=200)
def test_a_drive_is_recovered_through_noise(seed: int, speed: float, streets: int) -> None:
    random = np.random.default_rng(seed)
    lines, _, ends = town(random)
    route = stroll(random, ends, streets)
    x, y, t = drive(lines, route, speed, 60 / speed)
    x, y = x + random.normal(0, 4, len(x)), y + random.normal(0, 4, len(y))
    _, found = match(net_of(lines), x.tolist(), y.tolist(), t.tolist())
    got, true = metres_by_line(found, len(lines)), np.zeros(len(lines))
    true[[k for k, _ in route]] = shapely.length(lines)[[k for k, _ in route]]
    both = np.minimum(got, true).sum()
    assert both >= 0.93 * true.sum() - 20
    assert both >= 0.93 * got.sum() - 20


def fleet(seed: int) -> tuple[Geometries, npt.NDArray[np.str_], Times, Floats, Floats]:
    """Three noisy drives in one town, one with a stop."""
    random = np.random.default_rng(seed)
    lines, _, ends = town(random)
    names, x, y, t = [], [], [], []
    for name in ("苏A1", "苏A2", "苏A3"):
        east, north, second = drive(lines, stroll(random, ends, 8), random.uniform(2, 9), 7)
        second = second + np.where(np.arange(len(second)) > 9, 200, 0)
        names += [name] * len(east)
        x.append(east + random.normal(0, 4, len(east)))
        y.append(north + random.normal(0, 4, len(east)))
        t.append(second)
    return lines, np.array(names), seconds(np.concatenate(t)), np.concatenate(x), np.concatenate(y)


def same(one: Fixes | Intervals, other: Fixes | Intervals) -> None:
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_the_order_of_the_fixes_changes_nothing(seed: int) -> None:
    lines, track, at, x, y = fleet(seed)
    net = net_of(lines)
    fixes, found = match_tracks(*net, track, at, x, y)
    order = np.random.default_rng(seed).permutation(len(x))
    mixed, again = match_tracks(*net, track[order], at[order], x[order], y[order])
    same(again, found)
    same(mixed, Fixes(*(field[order] for field in fixes)))


@given(st.integers(0, 2**32 - 1), st.integers(-(10**11), 10**11))
@settings(max_examples=60)
def test_a_shift_of_time_shifts_the_intervals_only(seed: int, milliseconds: int) -> None:
    lines, track, at, x, y = fleet(seed)
    net = net_of(lines)
    fixes, found = match_tracks(*net, track, at, x, y)
    shift = np.timedelta64(milliseconds, "ms")
    later, moved = match_tracks(*net, track, at + shift, x, y)
    same(later, fixes)
    for field in ("track", "line", "from_m", "to_m", "is_forward", "is_work"):
        np.testing.assert_array_equal(getattr(moved, field), getattr(found, field))
    for field in ("entered_at", "left_at"):
        late = np.abs(getattr(moved, field) - shift - getattr(found, field))
        assert late.max() <= np.timedelta64(1, "ms")


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
@settings(max_examples=60)
def test_a_track_is_matched_the_same_alone_and_in_pieces_of_any_size(seed: int, at_once: int) -> None:
    lines, track, at, x, y = fleet(seed)
    net = net_of(lines)
    fixes, found = match_tracks(*net, track, at, x, y)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geo.mapmatch.HALTS_AT_ONCE", at_once)
        pieces, again = match_tracks(*net, track, at, x, y)
    same(pieces, fixes)
    same(again, found)
    for name in np.unique(track):
        mine = track == name
        alone, its = match_tracks(*net, track[mine], at[mine], x[mine], y[mine])
        same(alone, Fixes(*(field[mine] for field in fixes)))
        same(its, Intervals(*(field[found.track == name] for field in found)))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_streets_drawn_the_other_way_round_are_driven_the_other_way(seed: int) -> None:
    lines, track, at, x, y = fleet(seed)
    _, found = match_tracks(*net_of(lines), track, at, x, y)
    _, turned = match_tracks(*net_of(shapely.reverse(lines)), track, at, x, y)
    length = shapely.length(lines)[turned.line]
    np.testing.assert_array_equal(turned.line, found.line)
    np.testing.assert_array_equal(turned.is_forward, ~found.is_forward)
    np.testing.assert_allclose(length - turned.to_m, found.from_m, atol=1e-6)


# --- by hand --------------------------------------------------------------------------------------

STREET = np.array([shapely.LineString([(0, 0), (1000, 0)])], dtype=object)


def test_one_street_by_hand() -> None:
    """20 m a leg in 10 s is 7.2 km/h, work; 100 m in 10 s is 36 km/h, transit."""
    fixes, found = match(net_of(STREET), [100, 120, 140, 240], [3, -3, 3, -3], [0, 10, 20, 30])
    assert fixes.line.tolist() == [0, 0, 0, 0]
    assert fixes.at_m.tolist() == [100, 120, 140, 240]
    assert fixes.offset_m.tolist() == [3, 3, 3, 3]
    assert (found.from_m.tolist(), found.to_m.tolist()) == ([100, 140], [140, 240])
    assert found.is_work.tolist() == [True, False]
    assert found.is_forward.tolist() == [True, True]
    assert found.entered_at.tolist() == seconds([0, 20]).tolist()
    assert found.left_at.tolist() == seconds([20, 30]).tolist()


@pytest.mark.parametrize(
    ("kmh", "is_work"), [(0.9, False), (1.0, True), (15.0, True), (15.1, False), (60.0, False)]
)
def test_work_speed_holds_at_both_its_limits(kmh: float, is_work: bool) -> None:
    _, found = match(net_of(STREET), [100, 150], [0, 0], [0, 180 / kmh], gap_s=1000)
    assert found.is_work.tolist() == [is_work]


def test_a_stop_is_not_counted_into_the_move_after_it() -> None:
    """Ten minutes at 100 m (a fix every minute), then 20 m in 10 s."""
    x = [100.0, 102, 98, 101, 99, 103, 97, 100, 102, 98, 100, 120]
    t = [*np.arange(11) * 60.0, 610.0]
    fixes, found = match(net_of(STREET), x, [0.0] * 12, t)
    assert fixes.at_m.tolist() == [100] * 11 + [120]
    assert fixes.offset_m.tolist() == pytest.approx([abs(east - 100) for east in x[:11]] + [0])
    assert (found.from_m.tolist(), found.to_m.tolist()) == ([100], [120])
    assert found.entered_at.tolist() == seconds([600]).tolist()
    assert found.is_work.tolist() == [True]


def test_a_drive_with_a_stop_is_two_intervals() -> None:
    """The way to the stop and the way on, neither with the time of the stop."""
    x, t = [60, 80, 100, 100, 100, 120, 140], [0, 10, 20, 120, 220, 230, 240]
    _, found = match(net_of(STREET), x, [0] * 7, t)
    assert (found.from_m.tolist(), found.to_m.tolist()) == ([60, 100], [100, 140])
    assert found.entered_at.tolist() == seconds([0, 220]).tolist()
    assert found.left_at.tolist() == seconds([20, 240]).tolist()


def test_a_way_back_is_another_interval() -> None:
    _, found = match(net_of(STREET), [100, 200, 300, 200, 100], [0] * 5, [0, 30, 60, 90, 120])
    assert found.from_m.tolist() == [100, 100]
    assert found.to_m.tolist() == [300, 300]
    assert found.is_forward.tolist() == [True, False]


@pytest.mark.parametrize("is_forward", [True, False])
def test_the_streets_between_fixes_are_driven_too(is_forward: bool) -> None:
    """Round two corners without a fix on the street between them: 60 + 100 + 60 m in 30 s."""
    between = [(100, 0), (100, 100)] if is_forward else [(100, 100), (100, 0)]
    u_turn = shapely.linestrings([[(0, 0), (100, 0)], between, [(0, 100), (100, 100)]])
    _, found = match(net_of(u_turn), [40, 40], [0, 100], [0, 30])
    assert found.line.tolist() == [0, 1, 2]
    assert found.from_m.tolist() == [40, 0, 40]
    assert found.to_m.tolist() == [100, 100, 100]
    assert found.is_forward.tolist() == [True, is_forward, False]
    passed = np.round(np.array([0, 60, 160]) / 220 * 30, 3)
    assert found.entered_at.tolist() == seconds(passed).tolist()


def test_nothing_is_driven_over_a_gap() -> None:
    net = net_of(STREET)
    x, y = [100, 140, 180, 220], [0, 0, 0, 0]
    _, found = match(net, x, y, [0, 10, 311, 321])
    assert (found.from_m.tolist(), found.to_m.tolist()) == ([100, 180], [140, 220])
    _, found = match(net, [100, 140, 400, 440], y, [0, 10, 20, 30], gap_m=250)
    assert (found.from_m.tolist(), found.to_m.tolist()) == ([100, 400], [140, 440])
    _, found = match(net, [100, 140, 800, 840], y, [0, 10, 20, 30], slack_m=50)  # 238 km/h
    assert (found.from_m.tolist(), found.to_m.tolist()) == ([100, 800], [140, 840])


def test_a_fix_off_the_network_is_left_out_and_the_way_leads_past_it() -> None:
    fixes, found = match(net_of(STREET), [100, 140, 180], [0, 51, 0], [0, 10, 20])
    assert fixes.line.tolist() == [0, -1, 0]
    assert np.isnan([fixes.at_m[1], fixes.offset_m[1]]).all()
    assert (found.from_m.tolist(), found.to_m.tolist()) == ([100], [180])


def test_the_last_place_before_a_break_is_the_likeliest_not_the_nearest() -> None:
    parallel = [[(0, 0), (600, 0)], [(0, 15), (600, 15)], [(0, 0), (0, 15)], [(2000, 0), (2600, 0)]]
    x, y = [100, 200, 300, 2100, 2200], [0, 0, 9, 0, 0]
    fixes, _ = match(net_of(shapely.linestrings(parallel)), x, y, [0, 20, 40, 100, 120], gap_m=5000)
    assert fixes.line.tolist() == [0, 0, 0, 3, 3]


def test_a_jump_is_judged_within_its_track() -> None:
    x, t = np.array([100.0, 140, 900, 140, 180]), seconds([0, 10, 20, 30, 40])
    track = np.array([1, 1, 1, 2, 2])
    fixes, _ = match_tracks(*net_of(STREET), track, t, x, np.zeros(5))
    assert fixes.line.tolist() == [0] * 5


def test_a_jump_of_the_receiver_is_left_out() -> None:
    fixes, found = match(net_of(STREET), [100, 140, 900, 180, 220], [0] * 5, [0, 10, 20, 30, 40])
    assert fixes.line.tolist() == [0, 0, -1, 0, 0]
    assert (found.from_m.tolist(), found.to_m.tolist()) == ([100], [220])


def test_two_streets_that_nothing_joins_split_the_track() -> None:
    apart = shapely.linestrings([[(0, 0), (200, 0)], [(300, 0), (500, 0)]])
    fixes, found = match(net_of(apart), [100, 150, 350, 400], [0] * 4, [0, 10, 30, 40])
    assert fixes.line.tolist() == [0, 0, 1, 1]
    assert found.line.tolist() == [0, 1]
    assert (found.from_m.tolist(), found.to_m.tolist()) == ([100, 50], [150, 100])


def test_a_parallel_street_nearer_to_one_fix_is_not_taken() -> None:
    """The noise of one fix does not make a detour over a street 15 m beside."""
    ladder = shapely.linestrings(
        [[(0, 0), (600, 0)], [(0, 15), (600, 15)], [(0, 0), (0, 15)], [(600, 0), (600, 15)]]
    )
    fixes, found = match(net_of(ladder), [100, 200, 300, 400], [0, 1, 9, -1], [0, 20, 40, 60])
    assert fixes.line.tolist() == [0, 0, 0, 0]
    assert found.line.tolist() == [0]


def test_a_one_way_street_is_not_driven_against() -> None:
    ring = shapely.linestrings(
        [[(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 100)], [(0, 100), (0, 0)]]
    )
    one_way = np.zeros(4, dtype=bool)
    x, y, t = [50, 50], [0, 100], [0, 60]
    _, found = match(net_of(ring, is_two_way=one_way), x, y, t)
    assert found.line.tolist() == [0, 1, 2]
    _, found = match(net_of(ring, is_two_way=one_way), x[::-1], y[::-1], t)
    assert found.line.tolist() == [2, 3, 0]
    assert found.is_forward.all()
    _, found = match(net_of(ring, is_two_way=one_way), [70, 30], [0, 0], t, slack_m=300)
    assert found.line.tolist() == [0, 1, 2, 3, 0]  # not 40 m back


def test_a_fix_at_a_junction_can_be_left_by_every_street() -> None:
    """Also where the first street there, which stands for the junction, is one-way."""
    one_way = np.array([False, True])
    for away in ([(100, 0), (100, 90)], [(100, 90), (100, 0)]):
        lines = shapely.linestrings([away, [(0, 0), (100, 0)], [(100, 0), (200, 0)]])
        net = net_of(lines, is_two_way=one_way[[0, 1, 1]])
        for x in ([60, 100, 140], [140, 100, 60]):
            fixes, found = match(net, x, [0, 0, 0], [0, 10, 20])
            assert sorted(found.line.tolist()) == [1, 2]
            assert fixes.offset_m.tolist() == [0, 0, 0]


def test_nothing_to_match() -> None:
    nobody = np.empty(0)
    for net in (net_of(STREET), net_of(np.empty(0, dtype=object))):
        fixes, found = match_tracks(*net, nobody, seconds([]), nobody, nobody)
        assert len(fixes.line) == len(found.line) == 0
        fixes, found = match(net, [5000, np.nan], [5000, 0], [0, 10])
        assert fixes.line.tolist() == [-1, -1]
        assert len(found.line) == 0
    assert found.entered_at.dtype == np.dtype("datetime64[ms]")


def test_fixes_without_a_time_are_refused() -> None:
    at = np.array(["2025-03-01T12:00:00", "NaT"], dtype="datetime64[ms]")
    with pytest.raises(ValueError, match="1 of 2 fixes have no time"):
        match_tracks(*net_of(STREET), np.zeros(2), at, np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="lengths must be equal"):
        match_tracks(*net_of(STREET), np.zeros(3), at, np.zeros(2), np.zeros(2))
