"""Sentences about incoming data by code, in English and Chinese; see messages.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal

Kind = Literal["error", "reason", "finding", "step", "detail"]
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
    said = {
        name: message(fact.kind, fact.code, language, **fact.facts) if isinstance(fact, Said) else fact
        for name, fact in facts.items()
    }
    return template.format(**said) if said else template


@dataclass(frozen=True)
class Said:
    """A fact that is a sentence itself: each language says it in its own words."""

    kind: Kind
    code: str
    facts: dict[str, object] = field(default_factory=dict)


def detail(code: str, **facts: object) -> Said:
    """What exactly is wrong, as a fact of an error."""
    return Said("detail", code, facts)


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
