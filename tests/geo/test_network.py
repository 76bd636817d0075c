from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import floyd_warshall

from geo.network import Network, build_network, network_matrix, network_reach
from tests.geo import gps_truth

Geometries = npt.NDArray[np.object_]


def lines(*coordinates: list[tuple[float, float]]) -> Geometries:
    return np.array([shapely.LineString(line) for line in coordinates], dtype=object)


def between(network: Network, a: tuple[float, float], b: tuple[float, float]) -> float:
    """Length of the shortest way between two nodes given by their coordinates."""
    nodes = {}
    for edge, (start, end) in enumerate(zip(network.edge_start, network.edge_end, strict=True)):
        parts = network.part_edge == edge
        nodes[tuple(network.part_start[parts][0])] = start
        nodes[tuple(network.part_end[parts][-1])] = end
    reach = network_reach(network, 1e6)
    entry = reach.find(np.array([nodes[a]]), np.array([nodes[b]]))
    return float(reach.metres[entry[0]]) if entry[0] >= 0 else np.inf


def test_lines_meet_at_a_common_vertex() -> None:
    net = build_network(lines([(0, 0), (50, 0), (100, 0)], [(50, -30), (50, 0), (50, 30)]))
    assert net.nodes == 5
    assert net.edge_line.tolist() == [0, 0, 1, 1]
    assert net.edge_from_m.tolist() == [0, 50, 0, 30]
    assert between(net, (0, 0), (50, 30)) == 80


def test_a_line_that_ends_on_another_meets_it() -> None:
    net = build_network(lines([(0, 0), (100, 0)], [(30, 0.005), (30, 40)]))
    assert net.nodes == 4
    assert net.edge_m[net.edge_line == 0].tolist() == pytest.approx([30, 70])
    assert between(net, (100, 0), (30, 40)) == pytest.approx(110, abs=0.01)


def test_lines_that_cross_are_a_bridge_unless_the_drawing_is_flat() -> None:
    cross = lines([(0, 0), (100, 0)], [(40, -30), (40, 30)])
    assert build_network(cross).nodes == 4
    assert np.isinf(between(build_network(cross), (0, 0), (40, 30)))
    flat = build_network(cross, join_crossings=True)
    assert flat.nodes == 5
    assert between(flat, (0, 0), (40, 30)) == pytest.approx(70)


def test_a_bend_is_no_node_and_a_ring_has_one() -> None:
    bent = build_network(lines([(0, 0), (30, 0), (30, 40)]))
    assert (bent.nodes, bent.edge_m.tolist(), bent.part_from_m.tolist()) == (2, [70], [0, 30])
    ring = build_network(lines([(0, 0), (30, 0), (30, 40), (0, 0)]))
    assert (ring.nodes, ring.edge_m.tolist()) == (1, [120])


def test_pieces_of_a_multiline_are_measured_one_after_the_other() -> None:
    pieces = shapely.MultiLineString([[(0, 0), (100, 0)], [(150, 0), (200, 0)]])
    net = build_network(np.array([pieces, shapely.LineString([(100, 0), (150, 0)])], dtype=object))
    assert net.edge_from_m.tolist() == [0, 100, 0]
    assert between(net, (0, 0), (200, 0)) == 200


def test_a_one_way_street_is_driven_as_it_is_drawn() -> None:
    ring = lines([(0, 0), (100, 0)], [(100, 0), (100, 50), (0, 50), (0, 0)])
    net = build_network(ring, is_two_way=np.array([False, True]))
    assert between(net, (0, 0), (100, 0)) == 100
    assert between(net, (100, 0), (0, 0)) == 200


def test_ends_within_the_tolerance_are_one_place() -> None:
    apart = lines([(0, 0), (100, 0)], [(100.4, 0), (200, 0)])
    assert build_network(apart).nodes == 4
    assert build_network(apart, tolerance_m=0.5).nodes == 3


def test_nothing_to_build_from() -> None:
    net = build_network(np.empty(0, dtype=object))
    assert net.nodes == 0
    assert len(network_reach(net, 100).metres) == 0
    point = build_network(lines([(5, 5), (5, 5)], [(0, 0), (1, 0)]))
    assert point.edge_line.tolist() == [1]


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_lengths_must_be_above_zero(value: float) -> None:
    with pytest.raises(ValueError, match="tolerance_m"):
        build_network(lines([(0, 0), (1, 0)]), tolerance_m=value)
    with pytest.raises(ValueError, match="limit_m"):
        network_reach(build_network(lines([(0, 0), (1, 0)])), value)


whole = st.integers(0, 6).map(float)


@given(
    st.lists(st.lists(st.tuples(whole, whole), min_size=2, max_size=4), min_size=1, max_size=12),
    st.floats(1, 9),
    st.booleans(),
)
@settings(max_examples=300)
def test_ways_are_the_shortest_and_their_edges_lead_along_them(
    drawn: list[list[tuple[float, float]]], limit: float, is_flat: bool
) -> None:
    random = np.random.default_rng(len(drawn))
    two_way = random.random(len(drawn)) < 0.7
    net = build_network(lines(*drawn), is_two_way=two_way, join_crossings=is_flat)
    length = np.bincount(net.edge_line, net.edge_m, minlength=len(drawn))
    assert length == pytest.approx(shapely.length(lines(*drawn)))

    reach = network_reach(net, limit)
    best = np.full((net.nodes, net.nodes), np.inf)
    source, target, edge = net.hops()
    np.minimum.at(best, (source, target), net.edge_m[edge])
    best = floyd_warshall(best)
    u, v = (index.ravel() for index in np.indices(best.shape))
    entry = reach.find(u, v)
    found = np.where(entry >= 0, reach.metres[entry], np.inf)
    far = best.ravel()
    inside, outside = far <= limit - 1e-9, far > limit + 1e-9
    assert found[inside] == pytest.approx(far[inside])
    assert np.isinf(found[outside]).all()
    hops = set(zip(source.tolist(), target.tolist(), edge.tolist(), strict=True))
    for number in np.flatnonzero((entry >= 0) & (u != v)):
        before, last = reach.before[entry[number]], reach.last_edge[entry[number]]
        assert (before, v[number], last) in hops
        earlier = reach.find(u[[number]], np.array([before]))[0]
        assert reach.metres[earlier] + net.edge_m[last] == pytest.approx(found[number])
    assert net.nodes == network_matrix(net).shape[0]


@pytest.mark.real
@pytest.mark.skipif(not gps_truth.FOLDER.is_dir(), reason="../shared/data is not here")
def test_the_net_of_the_true_tracks_is_that_of_its_readme() -> None:
    """4,313 nodes, 4,450 segments, 118.63 km (gps_truth/README.md)."""
    truth = gps_truth.read_truth()
    net = build_network(truth.lines, tolerance_m=gps_truth.TOLERANCE_M)
    expected = truth.expected["net"]
    assert net.nodes == expected["nodes"]
    assert len(truth.lines) == expected["segments"]
    assert net.edge_m.sum() / 1000 == pytest.approx(expected["km"], abs=0.01)
