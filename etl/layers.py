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
from geo.grid import simplify_polygons

Geometries = npt.NDArray[np.object_]


def layer_rows(
    grids: pd.DataFrame,
    polygons: Geometries,
    segments: pd.DataFrame,
    lines: Geometries,
    water: Geometries,
    compute_crs: str,
) -> pd.DataFrame:
    """Rows of table `layer`: grids (id, name), streets (one feature a road class) and water."""
    tolerance = threshold("border_simplify_m")
    classes = segments["road_class"].to_numpy(str)
    names = np.unique(classes)
    streets = np.array(
        [
            shapely.multilinestrings(
                shapely.simplify(shapely.get_parts(lines[classes == c]), tolerance)
            )
            for c in names
        ],
        dtype=object,
    )
    layers = {
        "grids": (
            simplify_polygons(polygons, tolerance),
            grids[["grid_id", "grid_name"]].to_dict("records"),
        ),
        "streets": (streets, [{"road_class": str(c)} for c in names]),
        "water": (shapely.simplify(water, tolerance), [{} for _ in water]),
    }
    return pd.DataFrame(
        [
            {"layer": name, "body": _geojson(geometry, properties, compute_crs)}
            for name, (geometry, properties) in layers.items()
        ]
    )


def _geojson(geometry: Geometries, properties: list[dict[str, str]], compute_crs: str) -> bytes:
    """Gzipped FeatureCollection in lon/lat, five decimals (one metre), same bytes every time."""
    lonlat = transform_geometry(geometry, compute_crs, LONLAT)
    rounded = shapely.transform(lonlat, lambda xy: np.round(xy, 5))
    features = ",".join(
        f'{{"type":"Feature","properties":{json.dumps(values, ensure_ascii=False)},"geometry":{text}}}'
        for text, values in zip(shapely.to_geojson(rounded), properties, strict=True)
    )
    text = f'{{"type":"FeatureCollection","features":[{features}]}}'
    return gzip.compress(text.encode(), mtime=0)
