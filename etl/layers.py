"""The map layers of a build: simplified GeoJSON that browsers fetch by URL."""

from __future__ import annotations

import gzip
import json

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from data.standards import threshold
from geo.crs import LONLAT, transform_geometry
from geo.grid import simplify_shapes

Geometries = npt.NDArray[np.object_]

PROPERTIES = {
    "grids": ["grid_id", "grid_name"],
    "streets": ["road_class"],
    "segments": ["segment_id", "street_name"],
    "water": [],
    "borders": ["kind", "grid_ids"],
}


def layer_rows(layers: dict[str, tuple[pd.DataFrame, Geometries]], compute_crs: str) -> pd.DataFrame:
    """Rows of table `layer`.

    layers  name -> rows of its table and their shapes, same length, in compute_crs: grids, streets
            (drawn as one feature a road class; piece by piece as segments), water and borders
            (slivers: not simplified).
    """
    tolerance = threshold("border_simplify_m")
    drawn = {
        name: (frame, _simplified(name, frame, shapes, tolerance))
        for name, (frame, shapes) in layers.items()
    }
    drawn["segments"] = drawn["streets"]
    drawn["streets"] = _by_road_class(*drawn["streets"])
    return pd.DataFrame(
        [
            {
                "layer": name,
                "body": _geojson(frame.reindex(columns=PROPERTIES[name]), shapes, compute_crs),
            }
            for name, (frame, shapes) in drawn.items()
        ]
    )


def _simplified(name: str, frame: pd.DataFrame, shapes: Geometries, tolerance: float) -> Geometries:
    """Grids that did not hold at the same time overlap, so each set is simplified by itself."""
    if name == "borders":
        return shapes
    if name != "grids":
        return simplify_shapes(shapes, tolerance)
    simplified = shapes.copy()
    for together in frame.groupby("valid_to", dropna=False).indices.values():
        simplified[together] = simplify_shapes(shapes[together], tolerance)
    return simplified


def _by_road_class(segments: pd.DataFrame, lines: Geometries) -> tuple[pd.DataFrame, Geometries]:
    classes = segments["road_class"].to_numpy(str)
    names = np.unique(classes)
    joined = [shapely.multilinestrings(shapely.get_parts(lines[classes == name])) for name in names]
    return pd.DataFrame({"road_class": names}), np.array(joined, dtype=object)


def _geojson(properties: pd.DataFrame, shapes: Geometries, compute_crs: str) -> bytes:
    """Gzipped FeatureCollection in lon/lat, five decimals (one metre), same bytes every time."""
    lonlat = transform_geometry(shapes, compute_crs, LONLAT)
    known = properties.astype(object).where(properties.notna(), None)  # JSON has no NaN
    rounded = shapely.transform(lonlat, lambda xy: np.round(xy, 5))
    features = ",".join(
        f'{{"type":"Feature","properties":{json.dumps(values, ensure_ascii=False)},"geometry":{text}}}'
        for text, values in zip(shapely.to_geojson(rounded), known.to_dict("records"), strict=True)
    )
    text = f'{{"type":"FeatureCollection","features":[{features}]}}'
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)
