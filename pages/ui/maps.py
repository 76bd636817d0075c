"""The grid map: a base that never changes, values and selection laid on top of it.

The base map's script must be the same text on every run of one build, or the browser gets a new
frame and the reader loses his place (docs/adr/0004-offline-maps.md). So geometry comes by URL and the
values travel as a small script of their own.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

import folium
import pandas as pd
import streamlit as st
from branca.element import MacroElement
from folium.template import Template
from streamlit_folium import st_folium

from data.views.overview import Build, GridDensity
from pages.ui.assets import use_local_assets
from pages.ui.spots import CLASS_COLOURS, CLASS_NAMES, map_values
from pages.ui.text import STATE_NAMES, number

# ColorBrewer YlOrRd, five classes: readable for the colour-blind; light means little.
BANDS = ("#ffffb2", "#fecc5c", "#fd8d3c", "#f03b20", "#bd0026")
STATE_COLOURS = {"unseen": "#aeb4bf", "short_street": "#dfe3e8", "no_street": "#dfe3e8"}
BAND_COLOURS = {str(n): colour for n, colour in enumerate(BANDS)}
GROUND_COLOURS = {"ground": "#e9ecf0", "unseen": STATE_COLOURS["unseen"]}
Values = dict[str, tuple[str, str]]  # grid id -> key of the colours, text of the tooltip


class _Base(MacroElement):
    """What is drawn once: web/map.js, `oneMap.base`."""

    _template = Template("""{% macro script(this, kwargs) %}
    oneMap.base({{ this._parent.get_name() }}, "{{ this.url }}");
    {% endmacro %}""")

    def __init__(self, build_id: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Base"
        self.url = f"/layers/{build_id}"


class _Paint(MacroElement):
    """What changes with the data: web/map.js, `oneMap.paint`."""

    _template = Template("""{% macro script(this, kwargs) %}
    oneMap.paint({{ this.scene }});
    {% endmacro %}""")

    def __init__(self, scene: dict[str, object]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Paint"
        self.scene = _script(scene)


def _script(value: object) -> str:
    """JSON that is safe inside a script element, whatever text it holds."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def clicked(key: str, name: str) -> str:
    """What was clicked, of a click not answered yet, or "". Call before drawing the map.

    name  grid_id of a grid, segment_id of a piece of street, id of a point
    """
    value = st.session_state.get(key) or {}
    drawing, at = value.get("last_active_drawing"), value.get("last_object_clicked")
    properties = (drawing or {}).get("properties", {})
    if name not in properties or at == st.session_state.get(f"{key}_answered"):
        return ""
    st.session_state[f"{key}_answered"] = at  # a place differs from click to click, a grid may not
    return str(properties[name])


def grid_map(key: str, build: Build, density: GridDensity, selected: str, *, height: int) -> None:
    """Draw the map of issues per km with its legend; a click is read by `clicked`."""
    draw_map(key, build, density_scene(density, selected), height=height)


def density_scene(density: GridDensity, selected: str) -> Scene:
    """Grids by issues per km."""
    values = {
        row.grid_id: (
            str(row.band) if row.state == "shown" else row.state,
            f"{number(row.issues_per_km, 1)} 件/公里（{row.reported} 件 ÷ {row.street_km:.2f} 公里）"
            if row.state == "shown"
            else STATE_NAMES[row.state],
        )
        for row in density.frame.itertuples()
    }
    legend = _band_items(density)
    return Scene("每公里问题数（件/公里）", BAND_COLOURS | STATE_COLOURS, legend, values, selected)


def hot_spot_scene(frame: pd.DataFrame, selected: str) -> Scene:
    """Grids by class of hot and cold spot."""
    legend = [(colour, CLASS_NAMES[name]) for name, colour in CLASS_COLOURS.items()]
    return Scene("热点 Gi*", CLASS_COLOURS, legend, map_values(frame), selected)


def ground(density: GridDensity) -> Values:
    """Grids as a quiet ground for streets and shapes (GROUND_COLOURS); unseen ones are grey."""
    return {
        row.grid_id: ("unseen", STATE_NAMES["unseen"])
        if row.state == "unseen"
        else ("ground", f"{row.reported} 件")
        for row in density.frame.itertuples()
    }


def edge_items(edges: Iterable[float], unit: str = "") -> list[tuple[str, str]]:
    """The legend of bands between these edges, from 0 up."""
    froms = [0.0, *edges]
    return [
        (colour, f"{edge:g} – {froms[n + 1]:g}{unit}" if n + 1 < len(froms) else f"≥ {edge:g}{unit}")
        for n, (colour, edge) in enumerate(zip(BANDS, froms, strict=False))
    ]


@dataclass(frozen=True)
class Scene:
    """What a map shows on top of its base.

    title    above the legend and the saved picture
    colours  key -> colour, of everything drawn; legend: colours with what they mean
    grids    grid id -> key and tooltip; a grid that is not named is not drawn. selected: its id
    values   address of JSON, piece of street -> key and tooltip (pages/ui/map_data.py)
    shapes   address of GeoJSON, lines or polygons with a property `key`
    points   id, lat, lon, key and text of each; at most 300, more are no map (docs/adr/0004)
    picked   id of the point or piece of street that stands out
    sync     maps of one name show the same place
    fit      south, west, north, east of what to zoom to, once for each new number of fit_request
    """

    title: str
    colours: dict[str, str]
    legend: list[tuple[str, str]]
    grids: Values = field(default_factory=dict)
    selected: str = ""
    values: str = ""
    shapes: str = ""
    points: list[dict[str, object]] = field(default_factory=list)
    picked: str = ""
    sync: str = ""
    fit: tuple[float, ...] = ()
    fit_request: int = 0


def draw_map(key: str, build: Build, scene: Scene, *, height: int) -> None:
    """Draw a map with its legend below it; a click is read by `clicked`."""
    use_local_assets()
    base = folium.Map(tiles=None, prefer_canvas=True, attribution_control=False, zoom_snap=0.25)
    base.options["max_zoom"] = 18
    base.fit_bounds([[build.south, build.west], [build.north, build.east]], padding=(8, 8))
    _Base(build.build_id).add_to(base)
    top = folium.FeatureGroup(name="scene")
    top.add_child(_Paint(asdict(scene)))
    st_folium(
        base,
        key=key,
        height=height,
        use_container_width=True,
        returned_objects=["last_active_drawing", "last_object_clicked"],
        feature_group_to_add=top,
    )
    swatches = "".join(
        f'<span style="display:inline-flex;align-items:center;margin-right:14px">'
        f'<i style="width:18px;height:12px;background:{colour};border:1px solid #4b5563;'
        f'margin-right:5px"></i>{html.escape(label)}</span>'
        for colour, label in scene.legend
    )
    st.html(f'<div style="font-size:.9rem">{html.escape(scene.title)}：{swatches}</div>')


def _band_items(density: GridDensity) -> list[tuple[str, str]]:
    states = set(density.frame["state"])
    items = edge_items(density.edges) if "shown" in states else []
    return items + [(STATE_COLOURS[s], STATE_NAMES[s]) for s in STATE_NAMES if s in states]
