"""What tests of pages share: a store of the demo county that a test may write into."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.sample_entries import FRAMES
from data.settings import settings
from tests.pages.test_pages import use_store


@pytest.fixture
def store(demo_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the demo's store without what others typed in: these tests write into it."""
    typed = shutil.ignore_patterns("entries*", FRAMES)
    copy = shutil.copytree(demo_store, tmp_path / "store", ignore=typed)
    return use_store(Path(copy), monkeypatch)


@pytest.fixture(autouse=True)
def _forget_settings() -> Iterator[None]:
    yield
    settings.cache_clear()
