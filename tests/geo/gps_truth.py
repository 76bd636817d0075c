"""263 hand-corrected tracks and the net of their streets (../shared/data/gps_truth, see its README).

Source: Woeltche 2023, Transactions in GIS 27:1959. The net is the union of the true lines: every
straight part between two vertices, rounded to a centimetre, is one street line, driven both ways.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from data.settings import ROOT

FOLDER = ROOT.parent / "shared" / "data" / "gps_truth"
CRS = "EPSG:32632"
# The ends of the true lines lie on parts of others, to the rounding: joined there, one street would be
# two lines on top of each other and no one could say which of them was driven.
TOLERANCE_M = 1e-5

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Truth:
    lines: npt.NDArray[np.object_]  # of the net
    track: Ints  # of each fix
    at: npt.NDArray[np.datetime64]
    x: Floats
    y: Floats
    driven: tuple[Ints, Ints]  # every (track, line) that was driven, once
    expected: dict[str, dict[str, float]]

    def scores(self, track: Ints, line: Ints) -> tuple[float, float]:
        """Recall and precision of the streets found, by length: a street counts once a track."""
        length = shapely.length(self.lines)
        found = np.unique(track * len(length) + line)
        true = self.driven[0] * len(length) + self.driven[1]
        both = length[np.intersect1d(found, true) % len(length)].sum()
        return both / length[true % len(length)].sum(), both / length[found % len(length)].sum()


def read_truth() -> Truth:
    project = pyproj.Transformer.from_crs(4326, CRS, always_xy=True).transform
    fixes = pd.read_csv(FOLDER / "points.csv", parse_dates=["time"])
    x, y = project(*shapely.get_coordinates(shapely.from_wkt(fixes["geometry"].to_numpy())).T)

    true = pd.read_csv(FOLDER / "ground_truth.csv")
    pieces, row = shapely.get_parts(shapely.from_wkt(true["WKT"].to_numpy()), return_index=True)
    lonlat, piece = shapely.get_coordinates(pieces, return_index=True)
    xy = np.round(np.column_stack(project(*lonlat.T)), 2)
    is_part = (piece[1:] == piece[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    parts = np.stack([xy[:-1], xy[1:]], axis=1)[is_part]
    turned = (parts[:, 0] > parts[:, 1])[:, 0] | (
        (parts[:, 0, 0] == parts[:, 1, 0]) & (parts[:, 0, 1] > parts[:, 1, 1])
    )
    parts[turned] = parts[turned, ::-1]
    net, line = np.unique(parts.reshape(-1, 4), axis=0, return_inverse=True)
    track = true["id"].to_numpy()[row[piece[:-1][is_part]]]
    return Truth(
        lines=shapely.linestrings(net.reshape(-1, 2, 2)),
        track=fixes["id"].to_numpy(),
        at=fixes["time"].dt.tz_localize(None).to_numpy(),
        x=x,
        y=y,
        driven=tuple(np.unique(np.stack([track, line.ravel()]), axis=1)),
        expected=json.loads((FOLDER / "expected.json").read_text()),
    )
