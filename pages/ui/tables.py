"""Tables for people, with the same rows as Excel and CSV."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from data.export import csv_bytes, workbook

TIME = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table(
    frame: pd.DataFrame,
    name: str,
    key: str,
    *,
    height: int | None = None,
    config: dict[str, Any] | None = None,
    select: bool = False,
) -> int | None:
    """Show a frame with Chinese headings and offer it as Excel and CSV; the row picked, if any.

    name    of the table: title of the sheet and of the files, label for screen readers
    config  Streamlit's column configuration; times need none
    select  whether a row can be picked; its number in the frame is returned. Other rows begin without
            a pick, for the browser would keep the number and so pick another thing
    """
    widget = f"{key}_{pd.util.hash_pandas_object(frame).sum()}" if select else key
    st.session_state[f"{key}_table"] = widget
    times = {c: TIME for c in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[c])}
    event: Any = st.dataframe(
        frame,
        hide_index=True,
        height=height or "auto",
        placeholder="",
        column_config=times | (config or {}),
        alt=name,
        key=widget,
        on_select="rerun" if select else "ignore",
        selection_mode="single-row",
    )
    downloads(frame, name, key)
    chosen = event["selection"]["rows"] if select else []
    return int(chosen[0]) if chosen else None


def just_picked(key: str, kind: str = "rows") -> Any:
    """The row (kind "cells": the row and column) just picked in a table, not answered yet; or None.

    A table keeps its pick, but it is answered once. Call before drawing what the pick changes.
    """
    widget = st.session_state.get(f"{key}_table", key)
    chosen = st.session_state.get(widget, {}).get("selection", {}).get(kind, [])
    if chosen == st.session_state.get(f"{widget}_answered", []):
        return None
    st.session_state[f"{widget}_answered"] = chosen
    return chosen[0] if chosen else None


def downloads(frame: pd.DataFrame, name: str, key: str) -> None:
    """Buttons that save the rows as Excel and CSV."""
    with st.container(horizontal=True, gap="small"):
        for kind, icon, mime, content in (
            ("Excel", ":material/table:", XLSX, lambda: workbook({name: frame})),
            ("CSV", ":material/download:", "text/csv", lambda: csv_bytes(frame)),
        ):
            st.download_button(
                f"{kind}",
                content,
                f"{name}.{'xlsx' if kind == 'Excel' else 'csv'}",
                mime,
                key=f"{key}_{kind}",
                icon=icon,
                type="tertiary",
                on_click="ignore",
                help=f"把“{name}”的这些行存成 {kind} 文件",
            )


def picked(key: str, row: int | None, codes: list[str], clicked: str = "") -> str:
    """The code of the row picked in a table, or clicked elsewhere; it stands in the URL. "" is none.

    key    of the choice in the URL; a link picks by it
    row    what `table` returned, codes: of all its rows
    """
    code = "" if row is None else codes[row]
    of, before = st.session_state.get(f"{key}_row", (codes, ""))
    st.session_state[f"{key}_row"] = (codes, code)
    if code != (before if of == codes else ""):  # the table keeps its row, so look at changes
        chosen = code
    else:
        chosen = clicked or st.query_params.get(key, "")
    chosen = chosen if chosen in codes else ""
    if chosen:
        st.query_params[key] = chosen
    elif key in st.query_params:
        del st.query_params[key]
    return chosen
