"""What all entries of people share: the day they are made on, and why one was not kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import streamlit as st

from data.messages import DataError
from pages.ui.text import plain


def today() -> date:
    """The day on this computer."""
    return datetime.now().astimezone().date()


def kept(do: Callable[..., None], *args: Any) -> Callable[[], None]:
    """The callback of a click, which leaves what a DataError says to `show_fault` of the next run."""

    def on_click() -> None:
        try:
            do(*args)
        except DataError as error:
            not_kept(error.zh)

    return on_click


def not_kept(why: str) -> None:
    """Leave it to `show_fault` of the next run to say why an entry was not kept."""
    st.session_state["entry_fault"] = why


def done(what: str) -> None:
    """Leave it to `show_fault` of the next run to say what a click did beyond what was asked."""
    st.session_state["entry_done"] = what


def show_fault() -> None:
    """Say why the last entry was not kept, or what else it did.

    Above the page, where it stays, and floating, for the click may have been made far below.
    """
    if what := st.session_state.pop("entry_done", ""):
        st.success(plain(what))
        st.toast(plain(what), icon=":material/check:", duration="long")
    if fault := st.session_state.pop("entry_fault", ""):
        st.error(plain(fault))
        st.toast(plain(fault), icon=":material/error:", duration="long")
