"""Sentences about incoming data by code, in English and Chinese; see messages.toml."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Literal

Kind = Literal["error", "reason", "finding", "step"]
Language = Literal["en", "zh"]


@lru_cache(maxsize=1)
def _messages() -> dict[Kind, dict[str, dict[Language, str]]]:
    text = Path(__file__).with_name("messages.toml").read_text("utf-8")
    return tomllib.loads(text)  # type: ignore[return-value]


def codes(kind: Kind) -> list[str]:
    """All codes of a kind."""
    return list(_messages()[kind])


def message(kind: Kind, code: str, language: Language, **facts: object) -> str:
    """The sentence with its facts filled in. Raises KeyError for an unknown code or a missing fact."""
    template = _messages()[kind][code][language]
    return template.format(**facts) if facts else template


class Step(str):
    """A step of a load: a string in English for the terminal, with the Chinese sentence beside it."""

    zh: str

    def __new__(cls, code: str, **facts: object) -> Step:
        """The step of that code in messages.toml."""
        step = super().__new__(cls, message("step", code, "en", **facts))
        step.zh = message("step", code, "zh", **facts)
        return step


class DataError(ValueError):
    """Incoming data cannot be used as it is: nothing was published. Shown with its remedy."""

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(message("error", code, "en", **facts))

    @property
    def zh(self) -> str:
        """The Chinese sentence, for a screen."""
        return message("error", self.code, "zh", **self.facts)
