"""Everything a browser needs comes from installed packages; nothing leaves the intranet.

folium and streamlit-folium name ten files on public hosts. Here every such link is either pointed at
a file of an installed wheel or dropped, and a link that is still foreign stops the page: a blank map
on the intranet would be found too late. docs/adr/0004-offline-maps.md has the measurements.
"""

from __future__ import annotations

from typing import Any

import folium
import streamlit_folium

LOCAL = {
    "leaflet": "/vendor/leaflet/leaflet.js",
    "leaflet_css": "/vendor/leaflet/leaflet.css",
    "jquery": "/vendor/jquery/jquery.min.js",
    "oneMap": "/ui/map.js",
}


def use_local_assets() -> None:
    """Point folium's links at our own server, for every map of this process."""
    folium.Map.default_js = _local(dict(folium.Map.default_js) | {"oneMap": ""})
    folium.Map.default_css = _local(dict(folium.Map.default_css))
    if not hasattr(streamlit_folium._component_func, "is_guarded"):  # noqa: SLF001 its one exit
        streamlit_folium._component_func = _guarded(streamlit_folium._component_func)  # noqa: SLF001


def _local(links: dict[str, str]) -> list[tuple[str, str]]:
    """What the map needs, from here; Bootstrap, icon fonts and their styles are not needed."""
    return [(name, LOCAL[name]) for name in links if name in LOCAL]


def _guarded(component: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        for link in [*kwargs.get("js_links", ()), *kwargs.get("css_links", ())]:
            if not link.startswith("/"):
                msg = f"map asset {link} is not local: add it to pages/ui/assets.py."
                raise RuntimeError(msg)
        return component(*args, **kwargs)

    call.is_guarded = True  # type: ignore[attr-defined]
    return call
