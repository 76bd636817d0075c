"""The photos that records name: files below one folder of this PC, and nothing else of it.

What a record says is foreign text. It may be written with backslashes, as an absolute path or as a web
address; a photo is only what lies inside the folder when all links are followed.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from data.settings import settings

ROUTE = "/photos"
HEAD_BYTES = 12


def photo_url(name: str) -> str:
    """Where a browser finds the photo that a record names; "" where there is none."""
    path = photo_path(name)
    if not path:
        return ""
    inside = path.relative_to(settings().photos.resolve()).as_posix()
    return f"{ROUTE}/{quote(inside)}"


def photo_path(name: str) -> Path | None:
    """The photo of that name in the folder; None if there is none or it is no picture."""
    folder = Path(os.path.normpath(settings().photos.absolute()))
    # By text first: a share of another computer (\\server\…) must not even be asked for.
    path = Path(os.path.normpath(folder / name.strip().replace("\\", "/")))
    if not path.is_relative_to(folder):
        return None
    try:
        path = path.resolve(strict=True)
        is_inside = path.is_relative_to(folder.resolve()) and path.is_file()
        return path if is_inside and picture_type(path) else None
    except (OSError, ValueError, RuntimeError):  # no such file, or no possible name of one
        return None


def picture_type(path: Path) -> str:
    """The media type of a JPEG, PNG or WebP by its first bytes, else "". Raises OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/webp" if head[:4] == b"RIFF" and head[8:] == b"WEBP" else ""
