"""The only caches of the app: views by build and arguments, so a new build is never answered stale."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

from data.builds import current_build_id, open_build
from data.views.overview import Build, build_info

T = TypeVar("T")


# Bytes, not entries, are the bound: a frame of a large county is a thousand times one of a small one.
@st.cache_data(max_size="256MB", show_spinner=False)
def _cached(name: str, build_id: str, args: tuple[Any, ...], _view: Callable[..., Any]) -> Any:
    return _view(open_build(build_id), *args)


def read(view: Callable[..., T], build_id: str, *args: Hashable) -> T:
    """What the view says about that build: `read(issue_records, build.build_id, filters, "closed")`."""
    result: T = _cached(f"{view.__module__}.{view.__name__}", build_id, args, view)
    return result


# The frame of sites (42 MB of 52,000) is asked for on every run of 样本点 and must outlive several
# people's choices of street density (26 MB each in a large county).
@st.cache_resource(max_entries=8, show_spinner=False)
def _shared(name: str, build_id: str, args: tuple[Any, ...], _view: Callable[..., Any]) -> Any:
    return _view(open_build(build_id), *args)


def read_shared(view: Callable[..., T], build_id: str, *args: Hashable) -> T:
    """`read` of what is too large to copy on every run: all sessions look at one object."""
    result: T = _shared(f"{view.__module__}.{view.__name__}", build_id, args, view)
    return result


def fetch(view: Callable[..., T], build_id: str, *args: Any) -> T:
    """`read` for what is asked for once and is too much to keep, or whose arguments are frames."""
    return view(open_build(build_id), *args)


def current_build() -> Build:
    """The build that is served now; read on every run, so a rebuild shows up by itself.

    Raises NoBuildError.
    """
    return read(build_info, current_build_id())
