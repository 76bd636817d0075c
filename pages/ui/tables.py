"""Tables for people, with the same rows as Excel and CSV."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from data.export import csv_bytes, workbook
from pages.ui.filters import url_value
from pages.ui.save import save_button
from pages.ui.text import plain

TIME = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")


def table(
    frame: pd.DataFrame,
    name: str,
    key: str,
    *,
    height: int | None = None,
    config: dict[str, Any] | None = None,
    select: bool = False,
    export: Callable[[], pd.DataFrame] | None = None,
) -> int | None:
    """Show a frame with Chinese headings and offer it as Excel and CSV; the row picked, if any.

    name    of the table: title of the sheet and of the files, label for screen readers
    config  Streamlit's column configuration; times need none
    export  every row, where the frame holds the first ones only; called when a button is pressed
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
    downloads(export or (lambda: frame), name, key)
    chosen = event["selection"]["rows"] if select else []
    return int(chosen[0]) if chosen else None


def just_picked(key: str, kind: str = "rows") -> Any:
    """The row (kind "cells": the row and column) just picked in a table, not answered yet; or None.

    A table keeps its pick, but it is answered once. Call before drawing what the pick changes.
    """
    chosen = _news(key, kind)
    return chosen[0] if chosen else None


def picked(key: str, table_key: str, codes: list[str], clicked: str = "") -> str:
    """The code just picked in a table or clicked elsewhere, or else as it stands in the URL; "" none.

    key    of the choice in the URL; a link picks by it, and giving up the row lets go of it
    codes  of the rows of the table. Call before drawing the table.
    """
    rows = _news(table_key, "rows")
    new = None if rows is None else "".join(codes[row] for row in rows if row < len(codes))
    chosen = url_value(key, clicked or new)
    return chosen if chosen in codes else url_value(key, "")


def _news(key: str, kind: str) -> list[Any] | None:
    """What is picked in a table, where that has changed since it was answered."""
    widget = st.session_state.get(f"{key}_table", key)
    answered = f"{widget}_answered"
    if widget not in st.session_state:  # not drawn last time: its pick is gone, and nobody gave it up
        st.session_state.pop(answered, None)
        return None
    chosen: list[Any] = st.session_state[widget].get("selection", {}).get(kind, [])
    if chosen == st.session_state.get(answered, []):
        return None
    st.session_state[answered] = chosen
    return chosen


def count_words(rows: pd.DataFrame) -> str:
    """How many records there are, and how many of them a table lists (views give `total`)."""
    total = int(rows["total"].iloc[0]) if len(rows) else 0
    return f"最新 {len(rows)} 件，共 {total:,} 件" if total > len(rows) else f"共 {total} 件"


def downloads(rows: Callable[[], pd.DataFrame], name: str, key: str) -> None:
    """Buttons that save the rows as Excel and CSV; they are fetched when one is pressed."""
    with st.container(horizontal=True, gap="small"):
        for kind, icon, suffix, content in (
            ("Excel", ":material/table:", "xlsx", lambda: workbook({name: rows()})),
            ("CSV", ":material/download:", "csv", lambda: csv_bytes(rows())),
        ):
            save_button(
                kind,
                content,
                f"{name}.{suffix}",
                f"{key}_{kind}",
                icon=icon,
                type="tertiary",
                help=f"把“{plain(name)}”的这些行存成 {kind} 文件",
            )
