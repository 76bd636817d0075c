"""What `streamlit run app.py` starts: the pages, the map assets and layers, and response headers.

The frame around every page is pages/ui/shell.py. It lies below pages/ on purpose: docs/adr/0001.
"""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from data.builds import NoBuildError, open_build
from data.photos import ROUTE, photo_path, picture_type
from data.views.overview import layer_body
from pages.ui.grid_print import print_page
from pages.ui.map_data import map_data
from pages.ui.serving import MOUNTS, ChineseShell

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
}


def layer(request: Request) -> Response:
    """One map layer of one build; it never changes, so a browser may keep it."""
    try:
        body = layer_body(open_build(request.path_params["build_id"]), request.path_params["layer"])
    except NoBuildError:
        body = None
    return _answer(body, "application/geo+json")


def map_values(request: Request) -> Response:
    """Values or shapes of one choice in one build (pages/ui/map_data.py)."""
    params = request.path_params
    try:
        body = map_data(params["build_id"], params["name"], request.query_params)
    except NoBuildError:
        body = None
    return _answer(body, "application/json")


def grid_print(request: Request) -> Response:
    """One grid's page to print (pages/ui/grid_print.py)."""
    try:
        body = print_page(request.path_params["build_id"], request.query_params)
    except NoBuildError:
        body = None
    return Response(status_code=404) if body is None else HTMLResponse(body)


def _answer(body: bytes | None, media_type: str) -> Response:
    if body is None:
        return Response(status_code=404)
    headers = {"Content-Encoding": "gzip", "Cache-Control": "private, max-age=86400, immutable"}
    return Response(body, media_type=media_type, headers=headers)


def photo(request: Request) -> Response:
    """One photo of the folder of photos; whatever else is asked for is not there."""
    path = photo_path(request.path_params["name"])
    if path is None:
        return Response(status_code=404)
    headers = {"Cache-Control": "private, max-age=3600"}
    return FileResponse(path, media_type=picture_type(path), headers=headers)


app = st.App(
    "pages/ui/shell.py",
    routes=[
        Route("/layers/{build_id}/{layer}.json", layer),
        Route("/map/{build_id}/{name}.json", map_values),
        Route("/print/{build_id}/grid.html", grid_print),
        Route(f"{ROUTE}/{{name:path}}", photo),
        *(Mount(path, app=StaticFiles(directory=folder)) for path, folder in MOUNTS.items()),
    ],
    middleware=[Middleware(ChineseShell, headers=HEADERS)],
)
