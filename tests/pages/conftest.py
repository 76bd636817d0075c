"""What tests of pages share: a store of the demo county that a test may write into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from data.settings import settings
from tests.pages.app import use_store
from tests.plans import copy_of


@pytest.fixture
def store(demo_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo county as the app serves it, without what others typed in."""
    return use_store(copy_of(demo_store, tmp_path / "store"), monkeypatch)


@pytest.fixture(autouse=True)
def _forget_settings() -> Iterator[None]:
    yield
    settings.cache_clear()
