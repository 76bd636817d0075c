"""What an installation may set, by environment variables with the prefix CHUANGWEI_."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """Read once per process; the defaults suit one PC."""

    model_config = SettingsConfigDict(env_prefix="CHUANGWEI_", frozen=True)

    store: Path = Field(ROOT / "data" / "store", description="folder of the published builds")
    photos: Path = Field(
        ROOT / "data" / "raw" / "photos", description="folder of the photos that records name"
    )
    keep_builds: int = Field(5, ge=1, description="builds kept after a new one is published")
    memory_limit: str = Field("2GB", description="memory DuckDB may use in one process")
    threads: int = Field(2, ge=1, description="threads DuckDB may use in one process")
    edition: str = Field("2021", description="edition of the standard that counts where none is chosen")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
