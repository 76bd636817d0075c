"""Only pictures of the photo folder are found and served, whatever a record or a request says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from data.photos import ROUTE, photo_path, photo_url
from data.settings import settings
from pages.ui.routes import photo
from pages.ui.serving import HEADERS, ChineseShell

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
PICTURES = {
    "a.jpg": (b"\xff\xd8\xff\xe0" + bytes(20), "image/jpeg"),
    "202506/前 1.png": (PNG, "image/png"),
    "b.webp": (b"RIFF\x10\x00\x00\x00WEBP" + bytes(20), "image/webp"),
    "no_suffix": (PNG, "image/png"),
}
NO_PICTURES = {
    "page.png": b"<html><script>alert(1)</script>",
    "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "empty.jpg": b"",
    "sound.webp": b"RIFF\x10\x00\x00\x00WAVE" + bytes(20),
    "a.gif": b"GIF89a" + bytes(20),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A photo folder, with secrets beside it."""
    folder = tmp_path / "photos"
    (folder / "202506").mkdir(parents=True)
    for name, content in [*((n, c) for n, (c, _) in PICTURES.items()), *NO_PICTURES.items()]:
        (folder / name).write_bytes(content)
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "photos-old").mkdir()
    (tmp_path / "photos-old" / "a.png").write_bytes(PNG)
    monkeypatch.setenv("CHUANGWEI_PHOTOS", str(folder))
    settings.cache_clear()
    yield folder
    settings.cache_clear()


def get(path: str) -> tuple[int, dict[str, str], bytes]:
    """The answer of the route to a path as the server has decoded it."""
    app = ChineseShell(Starlette(routes=[Route(f"{ROUTE}/{{name:path}}", photo)]), HEADERS)
    said: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()  # the browser waits for its answer
        return {}

    async def send(message: dict[str, object]) -> None:
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": []}
    scope |= {"query_string": b"", "raw_path": b"", "scheme": "http", "server": ("localhost", 80)}
    # In a thread of its own: a browser test before this one leaves its event loop running.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(app(scope, receive, send))).result()  # type: ignore[arg-type]
    headers = {k.decode(): v.decode() for k, v in said[0]["headers"]}  # type: ignore[attr-defined]
    body = b"".join(m.get("body", b"") for m in said[1:])  # type: ignore[misc]
    return int(str(said[0]["status"])), headers, body


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_served_as_what_its_bytes_are(folder: Path, name: str) -> None:
    content, media_type = PICTURES[name]
    status, headers, body = get(f"{ROUTE}/{name}")
    assert (status, body, headers["content-type"]) == (200, content, media_type)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "private, max-age=3600"


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_is_not_there(folder: Path, name: str) -> None:
    assert get(f"{ROUTE}/{name}")[0] == 404
    assert photo_url(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png", "202506/../../secret.png", "..\\secret.png", "202506\\..\\..\\secret.png",
        "../photos-old/a.png", "//etc/passwd", "/etc/passwd", "C:\\secret.png", "C:secret.png",
        "\\\\server\\share\\a.jpg", "//server/share/a.jpg", "file:///etc/passwd",
        "https://example.org/a.jpg", "http:a.jpg", "a.jpg\0.png", "a.jpg/", "202506", ".", "", "..",
        "...", "x" * 5000, "a.jpg?x=1", "%2e%2e/secret.png", "\udce4.png", "~/a.png",
    ],
)  # fmt: skip
def test_nothing_outside_the_folder_is_found(folder: Path, name: str) -> None:
    if name != "a.jpg/":  # a slash too many is the file all the same
        assert photo_path(name) is None
        assert photo_url(name) == ""
        assert get(f"{ROUTE}/{name}")[0] == 404


def test_an_absolute_path_counts_where_it_leads_into_the_folder(folder: Path) -> None:
    assert photo_url(str(folder / "a.jpg")) == "/photos/a.jpg"
    assert photo_url(str(folder.parent / "secret.png")) == ""


def test_links_do_not_lead_out(folder: Path) -> None:
    (folder / "inside.png").symlink_to(folder / "no_suffix")
    (folder / "out.png").symlink_to(folder.parent / "secret.png")
    (folder / "all").symlink_to(folder.parent)
    (folder / "loop.png").symlink_to(folder / "loop.png")
    assert photo_url("inside.png") == "/photos/no_suffix"
    for name in ("out.png", "all/secret.png", "loop.png"):
        assert get(f"{ROUTE}/{name}")[0] == 404


def test_a_folder_that_is_a_link_itself_is_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder.parent / "link").symlink_to(folder)
    monkeypatch.setenv("CHUANGWEI_PHOTOS", str(folder.parent / "link"))
    settings.cache_clear()
    assert photo_url("a.jpg") == "/photos/a.jpg"
    assert get(f"{ROUTE}/a.jpg")[0] == 200


def test_names_of_windows_and_of_people(folder: Path) -> None:
    assert photo_url(" 202506\\前 1.png ") == "/photos/202506/%E5%89%8D%201.png"
    assert get(f"{ROUTE}/202506\\前 1.png")[0] == 200


def test_no_folder_no_photo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHUANGWEI_PHOTOS", str(folder / "gone"))
    settings.cache_clear()
    assert photo_url("a.jpg") == ""
