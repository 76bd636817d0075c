"""Matching GPS fixes to streets, each side in its own process.

    python -m tests.bench.mapmatch              all sides on both sets, one after the other
    python -m tests.bench.mapmatch ours SET     geo.mapmatch
    python -m tests.bench.mapmatch snap SET     the nearest street of each fix, nothing between
    python -m tests.bench.mapmatch fastmm SET   fastmm (C++; by hand: pip install fastmm==0.3.2)

SET is `truth` (263 hand-corrected tracks, recall and precision by length) or `ploughs` (545,125 fixes
of 51 snow ploughs in Syracuse, no truth). prepare_s is the network and its table of ways, once a
county; match_s is the matching alone. The last line of the output is JSON.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from data.settings import ROOT
from geo.assign import nearest_segments
from geo.mapmatch import match_tracks
from geo.network import build_network, network_reach
from tests.bench.measure import run
from tests.geo.gps_truth import TOLERANCE_M, Ints, Truth, read_truth

with contextlib.suppress(ImportError):
    import fastmm

PLOUGHS = ROOT.parent / "shared" / "data" / "syracuse"
REACH_M = 1500.0
RADIUS_M = 50.0
DRAWN_M = 0.5  # ends this near to each other meet, in the city's own drawing


def read_ploughs() -> Truth:
    """Streets and fixes in UTM 18N; nobody knows what was really driven."""
    project = pyproj.Transformer.from_crs(4326, "EPSG:26918", always_xy=True).transform
    streets = json.loads(gzip.decompress((PLOUGHS / "streets.geojson.gz").read_bytes()))
    shapes = [shapely.from_geojson(json.dumps(row["geometry"])) for row in streets["features"]]
    fixes = pd.read_parquet(PLOUGHS / "plow_gps_2020_2021.parquet")
    x, y = project(fixes["longitude"].to_numpy(), fixes["latitude"].to_numpy())
    return Truth(
        lines=shapely.transform(np.array(shapes), lambda xy: np.column_stack(project(*xy.T))),
        track=np.unique(fixes["truck_name"], return_inverse=True)[1],
        at=pd.to_datetime(fixes["messageTime"]).dt.tz_localize(None).to_numpy(),
        x=x,
        y=y,
        driven=(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)),
        expected={},
    )


def ours(name: str) -> dict[str, float]:
    data = READ[name]()
    began = time.perf_counter()
    network = build_network(data.lines, tolerance_m=TOLERANCE_M if name == "truth" else DRAWN_M)
    reach = network_reach(network, REACH_M)
    middle = time.perf_counter()
    fixes, found = match_tracks(network, reach, data.track, data.at, data.x, data.y)
    ended = time.perf_counter()
    driven_km = float((found.to_m - found.from_m).sum()) / 1000
    figures = report(data, middle - began, ended - middle, found.track, found.line)
    return figures | {"matched_share": float((fixes.line >= 0).mean()), "driven_km": driven_km}


def snap(name: str) -> dict[str, float]:
    data = READ[name]()
    began = time.perf_counter()
    line, metres = nearest_segments(data.x, data.y, data.lines)
    ended = time.perf_counter()
    near = metres <= RADIUS_M
    figures = report(data, 0.0, ended - began, data.track[near], line[near])
    return figures | {"matched_share": float(near.mean())}


def fastmm_side(name: str) -> dict[str, float]:
    """k = 8 places within 50 m, 10 m of error: the settings of gps_truth/README.md."""
    if "fastmm" not in globals():
        return {}
    data = READ[name]()
    began = time.perf_counter()
    network = fastmm.Network()
    ends = np.concatenate([shapely.get_coordinates(shapely.get_point(data.lines, k)) for k in (0, -1)])
    _, node = np.unique(np.round(ends, 2), axis=0, return_inverse=True)
    start, end = node.reshape(2, -1).tolist()
    for k, line in enumerate(data.lines):
        xy = list(map(tuple, shapely.get_coordinates(line).tolist()))
        network.add_edge(2 * k, source=start[k], target=end[k], geom=xy)
        network.add_edge(2 * k + 1, source=end[k], target=start[k], geom=xy[::-1])
    network.finalize()
    with tempfile.TemporaryDirectory() as folder:
        shortest = fastmm.TransitionMode.SHORTEST
        matcher = fastmm.FastMapMatch(
            network, shortest, max_distance_between_candidates=REACH_M, cache_dir=Path(folder)
        )
        middle = time.perf_counter()
        tracks, lines = [], []
        for track, fixes in pd.DataFrame({"x": data.x, "y": data.y}).groupby(data.track):
            drive = fastmm.Trajectory.from_xy_tuples(list(fixes.itertuples(index=False, name=None)))
            found = matcher.match(
                drive, max_candidates=8, candidate_search_radius=RADIUS_M, gps_error=10.0
            )
            for piece in found.subtrajectories:
                if piece.error_code == fastmm.MatchErrorCode.SUCCESS:
                    edges = [edge.edge_id // 2 for leg in piece.segments for edge in leg.edges]
                    lines += edges
                    tracks += [track] * len(edges)
    ended = time.perf_counter()
    return report(data, middle - began, ended - middle, np.array(tracks), np.array(lines))


def report(
    data: Truth, prepare_s: float, match_s: float, track: npt.NDArray[np.generic], line: Ints
) -> dict[str, float]:
    figures = {"prepare_s": prepare_s, "match_s": match_s, "fixes_per_s": len(data.x) / match_s}
    if data.expected:
        recall, precision = data.scores(track, line)
        figures |= {"recall": float(recall), "precision": float(precision)}
    return figures


READ = {"truth": read_truth, "ploughs": read_ploughs}
SIDES = {"ours": ours, "snap": snap, "fastmm": fastmm_side}


def compare() -> None:
    """A line of figures for each side and set; fastmm on the small set only: it keeps no times."""
    for name, side in [(name, side) for name in READ for side in SIDES][:-1]:
        done = run("-m", "tests.bench.mapmatch", side, name)
        said = {key: round(value, 4) for key, value in done.said.items()} or "not installed"
        print(f"{name} {side}: {said}, {done.peak_mib:.0f} MiB, others {done.others:.2f} cores")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        compare()
    else:
        print(json.dumps(SIDES[sys.argv[1]](sys.argv[2])))
