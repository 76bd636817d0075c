"""Addresses beside the pages: map data, papers, files to save, photos, the stage, what packages bring.

app.py imports it before the server runs: nothing here may import a Streamlit component (docs/adr/0001).
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import xstatic.pkg.jquery
import xstatic.pkg.leaflet
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from data.builds import NoBuildError, open_build
from data.photos import ROUTE, photo_path, picture_type
from data.views.overview import layer_body
from pages.ui.draw_print import draw_page
from pages.ui.grid_print import grid_page
from pages.ui.map_data import map_data
from pages.ui.mock_print import mock_page
from pages.ui.plan_print import plan_page
from pages.ui.registry import REGISTRY
from pages.ui.route_print import route_page
from pages.ui.save import saved_file
from pages.ui.wall import stage_answer

log = logging.getLogger(__name__)
WEB = Path(__file__).parent / "web"
STAGE = WEB / "stage.html"
MOUNTS = {
    "/vendor/leaflet": xstatic.pkg.leaflet.BASE_DIR,
    "/vendor/jquery": xstatic.pkg.jquery.BASE_DIR,
    "/ui": str(WEB),
}
PAPERS = {
    "draw": draw_page,
    "grid": grid_page,
    "mock": mock_page,
    "plan": plan_page,
    "route": route_page,
}


def layer(request: Request) -> Response:
    """One map layer of one build; it never changes, so a browser may keep it."""
    try:
        body = layer_body(open_build(request.path_params["build_id"]), request.path_params["layer"])
    except NoBuildError:
        body = None
    return _answer(body, "application/geo+json", "private, max-age=86400, immutable")


def map_values(request: Request) -> Response:
    """Values or shapes of one choice in one build (pages/ui/map_data.py)."""
    params = request.path_params
    try:
        body = map_data(params["build_id"], params["name"], request.query_params)
    except NoBuildError:
        body = None
    # Thresholds are read when the app runs: an update of the product must not wait a day to show.
    return _answer(body, "application/json", "private, max-age=600")


def paper(request: Request) -> Response:
    """A page to print: pages/ui/*_print.py."""
    page = PAPERS.get(request.path_params["name"])
    try:
        body = page(request.path_params["build_id"], request.query_params) if page else None
    except NoBuildError:
        body = None
    return Response(status_code=404) if body is None else HTMLResponse(body)


def _answer(body: bytes | None, media_type: str, caching: str) -> Response:
    if body is None:
        return Response(status_code=404)
    headers = {"Content-Encoding": "gzip", "Cache-Control": caching}
    return Response(body, media_type=media_type, headers=headers)


def first_page(request: Request) -> Response:
    """Streamlit knows its first page by "/" only; a person may type its name."""
    return RedirectResponse(request.url.replace(path="/"))


def photo(request: Request) -> Response:
    """One photo of the folder of photos; whatever else is asked for is not there."""
    path = photo_path(request.path_params["name"])
    if path is None:
        return Response(status_code=404)
    headers = {"Cache-Control": "private, max-age=3600"}
    return FileResponse(path, media_type=picture_type(path), headers=headers)


def saved(request: Request) -> Response:
    """A file that a page offers, made now."""
    status, body, headers = saved_file(request.path_params["token"], request.path_params["key"])
    return Response(body, status, headers)


def stage(_: Request) -> Response:
    """The wall's page: no Streamlit script, so no session and nothing to lose (docs/adr/0011)."""
    policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return FileResponse(STAGE, headers=headers)


def stage_data(request: Request) -> Response:
    """What the wall shows, as JSON; what the browser has already is not sent again."""
    try:
        body = _json(stage_answer(request.query_params))
    except NoBuildError as error:
        log.warning("%s", error)
        return _trouble(503, "还没有可用的数据：请先在“数据管理”页入库，大屏会自动接上。")
    except Exception:
        log.exception("the wall could not be composed: %s", request.url.query)
        return _trouble(500, "系统出错，大屏暂时不能更新：请把服务器日志交给维护人员。")
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match", "").removeprefix("W/") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _trouble(status: int, sentence: str) -> Response:
    headers = {"Cache-Control": "no-store"}
    body = _json({"error": sentence})
    return Response(body, status, media_type="application/json", headers=headers)


def _json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


ROUTES = [
    Route("/layers/{build_id}/{layer}.json", layer),
    Route(f"/{REGISTRY[0].name}", first_page),
    Route("/map/{build_id}/{name}.json", map_values),
    Route(f"{ROUTE}/{{name:path}}", photo),
    Route("/save/{token}/{key:path}", saved),
    Route("/stage", stage),
    Route("/stage/data.json", stage_data),
    Route("/print/{build_id}/{name}.html", paper),
    *(Mount(path, app=StaticFiles(directory=folder)) for path, folder in MOUNTS.items()),
]
