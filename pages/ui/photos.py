"""The photos of an issue, before and after: fetched by the browser, not sent with the page."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from data.photos import photo_url

STYLE = """<style>
.photos {display: flex; gap: .5rem}
.photos figure {flex: 1; min-width: 0; margin: 0}
.photos img, .photos .none {width: 100%; aspect-ratio: 4/3; border-radius: .3rem; background: #f0f2f6}
.photos img {object-fit: cover; display: block}
.photos .none {display: flex; align-items: center; justify-content: center; text-align: center;
  padding: .5rem; color: #6b7280; overflow-wrap: anywhere}
.photos figcaption {font-size: .9rem; color: #6b7280}
</style>"""


def photo_pair(before: object, after: object, label: str) -> None:
    """The photos before and after side by side; says so where a record has none or its file is missing.

    before, after  what the record names, or nothing (None, NaN, "").
    label          what they show, for those who cannot see them: the number or place of the issue.
    """
    st.html(STYLE + pair_html(before, after, label))


def pair_html(before: object, after: object, label: str) -> str:
    """The same as HTML, for what is HTML already; STYLE goes with it once."""
    figures = _figure(before, "整改前", label) + _figure(after, "整改后", label)
    return f'<div class="photos">{figures}</div>'


def _figure(name: object, when: str, label: str) -> str:
    caption = f"<figcaption>{when}</figcaption>"
    if pd.isna(name) or not str(name).strip():
        return f'<figure><div class="none">无照片</div>{caption}</figure>'
    url = photo_url(str(name))
    if not url:
        missing = f"照片文件缺失：{escape(str(name))}"
        return f'<figure><div class="none">{missing}</div>{caption}</figure>'
    alt = escape(f"{label} {when}")
    return f'<figure><img src="{url}" alt="{alt}" loading="lazy">{caption}</figure>'
