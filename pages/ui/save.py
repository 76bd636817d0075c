"""Files that a page offers to save: made when they are asked for (docs/adr/0015)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from html import escape
from pathlib import PurePath
from typing import Literal
from urllib.parse import quote
from weakref import WeakValueDictionary

import streamlit as st

from data.messages import DataError

log = logging.getLogger(__name__)
MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".geojson": "application/geo+json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
NOT_KEPT = {"Cache-Control": "no-store"}  # the next press may get another file
Content = bytes | Callable[[], bytes | None]


class Offered(dict[str, tuple[str, Content]]):
    """What one window offers: key of the button -> name and content of the file.

    The window's session holds it; with the session it is gone.
    """


_windows: WeakValueDictionary[str, Offered] = WeakValueDictionary()


def save_button(
    label: str,
    content: Content,
    name: str,
    key: str,
    *,
    icon: str = ":material/download:",
    type: Literal["secondary", "tertiary"] = "secondary",  # noqa: A002 - Streamlit's own word
    help: str | None = None,  # noqa: A002
) -> None:
    """A button that saves a file.

    content  its bytes, or what makes them when the button is pressed (None: it is not there any more);
             that runs outside of the script, after any number of reruns
    key      of the button, one of its kind in the page
    """
    if "offered" not in st.session_state:
        token = secrets.token_urlsafe(16)
        st.session_state["offered"] = (token, Offered())
        _windows[token] = st.session_state["offered"][1]
    token, offered = st.session_state["offered"]
    offered[key] = (name, content)
    address = f"/save/{token}/{quote(key, safe='')}"
    st.link_button(label, address, key=key, icon=icon, type=type, help=help)


def forget_offered() -> None:
    """Let go of what the page that was left has offered."""
    if "offered" in st.session_state:
        st.session_state["offered"][1].clear()


def saved_file(token: str, key: str) -> tuple[int, bytes, dict[str, str]]:
    """The answer to a press on a button: status, body and headers; in Chinese why there is no file."""
    name, content = _windows.get(token, Offered()).get(key, ("", lambda: None))
    try:
        body = content() if callable(content) else content
    except DataError as error:
        log.warning("%s could not be made: %s", name, error)
        return _no_file(409, error.zh)
    except Exception:
        log.exception("%s could not be made", name)
        return _no_file(500, "系统出错，没有生成这个文件，数据没有受影响：请把服务器日志交给维护人员。")
    if body is None:
        return _no_file(404, "这个文件已经不在了：请回到原来的网页，刷新后再保存。")
    media_type = MEDIA_TYPES.get(PurePath(name).suffix, "text/plain; charset=utf-8")
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return 200, body, {"Content-Type": media_type, "Content-Disposition": disposition} | NOT_KEPT


def _no_file(status: int, sentence: str) -> tuple[int, bytes, dict[str, str]]:
    page = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>没有文件</title>'
        f'<meta name="viewport" content="width=device-width"><p>{escape(sentence)}</p></html>'
    )
    return status, page.encode(), {"Content-Type": "text/html; charset=utf-8"} | NOT_KEPT
