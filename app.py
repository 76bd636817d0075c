"""What `streamlit run app.py` starts: the frame of the pages, the other addresses, headers.

The frame around every page is pages/ui/shell.py. It lies below pages/ on purpose: docs/adr/0001.
"""

from __future__ import annotations

import atexit
import gc

import streamlit as st
from starlette.middleware import Middleware

from pages.ui.routes import ROUTES
from pages.ui.serving import HEADERS, ChineseShell
from pages.ui.trouble import show_trouble

app = st.App(
    "pages/ui/shell.py",
    routes=ROUTES,
    middleware=[Middleware(ChineseShell, headers=HEADERS)],
    on_script_error=show_trouble,
)
# Streamlit collects garbage after every rerun. What was imported until here never becomes garbage:
# out of the collector's sight, a rerun costs the server about half (docs/performance.md).
gc.collect()
gc.freeze()
atexit.register(gc.unfreeze)  # or DuckDB reports what is never freed as leaks when the server stops
