"""The next version of a plan that was drawn: only with a reason, wherever it is asked for."""

from __future__ import annotations

import streamlit as st

from data.views.overview import Build
from pages.ui.entry import kept
from pages.ui.plan_actions import next_version
from pages.ui.sampling import Plan


def ask_next_version(build: Build, plan: Plan) -> None:
    """The field for the reason and the button; one of them on a page."""
    key = f"reason_{plan.plan_id}"
    reason = st.text_input("为什么要另做一版", key=key, max_chars=200)
    st.button(
        "另做一版",
        disabled=not reason.strip(),
        on_click=kept(next_version, build, plan, key),
        icon=":material/content_copy:",
    )
