"""The frame of every page: page config, navigation and shared style; then the page itself runs.

It is the script that `app.py` serves. A page never runs without it: docs/adr/0001.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from data.builds import NoBuildError
from data.messages import DataError
from pages.ui.filters import chosen_params
from pages.ui.read import current_build
from pages.ui.registry import REGISTRY
from pages.ui.save import forget_offered
from pages.ui.text import plain
from pages.ui.trouble import show_trouble

PAGES = Path(__file__).resolve().parents[1]
STYLE = """<style>
[data-testid="stMainBlockContainer"] {padding: 2.2rem 2rem 1rem}
@media (max-width: 640px) {[data-testid="stMainBlockContainer"] {padding-top: 4rem}}
[data-stale="true"] {opacity: 1 !important}
[data-testid="stElementToolbar"] button:is([aria-label^="Download as CSV"], [aria-label^="下载 CSV"])
{display: none} /* it does not make formulas harmless: pages/ui/tables.py does */
[data-testid="stCaptionContainer"] {color: #4b5563 !important; opacity: 1 !important}
@media print {[data-testid="stSidebar"], [data-testid="stHeader"], [class*="st-key-screen_only"]
{display: none}} /* what is on paper: the title and what the page means for it */
h1 {font-size: 1.6rem !important; padding: 0 0 .4rem !important}
h3 {font-size: 1.15rem !important; padding: .2rem 0 !important}
</style>"""

st.set_page_config(page_title="创卫一张图", page_icon="🧹", layout="wide")
st.html(STYLE)
pages = {
    entry: st.Page(PAGES / f"{entry.name}.py", url_path=entry.name, default=entry is REGISTRY[0])
    for entry in REGISTRY
}
page = st.navigation(list(pages.values()), position="hidden")
params = chosen_params()  # Streamlit's own menu would empty the URL: our links carry the filters
for entry, link in pages.items():
    st.sidebar.page_link(link, label=entry.title, icon=entry.icon, query_params=params)
st.session_state["has_page_changed"] = st.session_state.get("page") != page.url_path
st.session_state["page"] = page.url_path
if st.session_state["has_page_changed"]:
    forget_offered()
try:
    title = plain(current_build().title)
except NoBuildError:
    title = ""
st.sidebar.markdown(f"### 创卫一张图  \n{title}")
try:
    page.run()
except (NoBuildError, DataError) as error:
    show_trouble(error)
