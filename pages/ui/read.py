"""The only caches of the app: views by build and arguments, so a new build is never answered stale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from data.builds import current_build_id, open_build
from data.engine import Engine
from data.filters import Filters
from data.views.overview import Build, build_info

T = TypeVar("T")


@st.cache_data(max_entries=512, show_spinner=False)
def _cached(name: str, build_id: str, filters: Filters | None, _view: Callable[..., Any]) -> Any:
    engine = open_build(build_id)
    return _view(engine) if filters is None else _view(engine, filters)


def read(
    view: Callable[[Engine], T] | Callable[[Engine, Filters], T],
    build_id: str,
    filters: Filters | None = None,
) -> T:
    """What the view says about that build."""
    result: T = _cached(view.__name__, build_id, filters, view)
    return result


def current_build() -> Build:
    """The build that is served now; read on every run, so a rebuild shows up by itself.

    Raises NoBuildError.
    """
    return read(build_info, current_build_id())
