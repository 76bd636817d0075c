"""What a map fetches by URL, because it is too much for a message: values or shapes of one choice.

A choice never changes within a build, so browsers may keep the answer; the message holds only its URL.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlencode

import numpy as np
import shapely

from data.filters import Filters
from data.views.hotspots import street_density_map
from data.views.overview import Build
from pages.ui.read import read


def _street_density(build_id: str, filters: Filters, _option: str) -> object:
    """Pieces of street with the band of their density."""
    density = read(street_density_map, build_id, filters)
    return _features(density.lines, density.frame["band"].astype(str).tolist())


def _features(shapes: Iterable[shapely.Geometry], keys: list[str]) -> dict[str, object]:
    """GeoJSON of lon/lat shapes, five decimals (one metre)."""
    rounded = shapely.transform(np.asarray(shapes, object), lambda xy: np.round(xy, 5))
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"key": key}, "geometry": json.loads(text)}
            for key, text in zip(keys, shapely.to_geojson(rounded), strict=True)
        ],
    }


ANSWERS: dict[str, Callable[[str, Filters, str], object]] = {"street_density": _street_density}


def map_data_url(name: str, build: Build, filters: Filters, option: str = "") -> str:
    """The address of a set of values or shapes (a key of ANSWERS) for the chosen filters."""
    params = {key: str(value) for key, value in filters.params.items() if value} | {"option": option}
    return f"/map/{build.build_id}/{name}.json?{urlencode(params)}"


def map_data(build_id: str, name: str, query: Mapping[str, str]) -> bytes | None:
    """The gzipped answer to a `map_data_url`; None where the address says nothing that exists.

    Raises NoBuildError.
    """
    if name not in ANSWERS:
        return None
    try:
        filters = Filters.of(query)
    except ValueError:
        return None
    answer = ANSWERS[name](build_id, filters, query.get("option", ""))
    return gzip.compress(json.dumps(answer, ensure_ascii=False).encode(), compresslevel=5, mtime=0)
