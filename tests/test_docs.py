"""The documents are true: what they name exists, and what exists is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data.catalog import TABLES
from data.messages import codes, message
from data.settings import Settings
from etl.__main__ import app
from etl.recipe import DATASET_TABLES, Dataset, load_recipe, recipe_names
from pages.ui.registry import REGISTRY

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_named_files_exist(path: Path) -> None:
    content = path.read_text("utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", content):
        assert link.startswith("http") or (path.parent / link).exists(), link
    for name in re.findall(r"`((?:pages|data|geo|etl|tests|docs)/[\w./-]+\.\w+)`", content):
        assert (ROOT / name).exists(), name


def test_every_setting_is_documented() -> None:
    for name in Settings.model_fields:
        assert f"`CHUANGWEI_{name.upper()}`" in text("docs/architecture.md")


def test_every_command_is_documented_and_helps() -> None:
    architecture = text("docs/architecture.md")
    for command in app.registered_commands:
        name = command.name or command.callback.__name__  # type: ignore[union-attr]
        assert f"`{name}" in architecture
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0


def test_every_page_is_in_the_user_guide() -> None:
    for entry in REGISTRY:
        assert f"## {entry.title}" in text("docs/user-guide.zh.md")


def test_every_column_and_key_of_a_recipe_is_documented() -> None:
    formats = text("docs/data-formats.md")
    for table in DATASET_TABLES:
        row = next(line for line in formats.splitlines() if line.startswith(f"| `{table}`"))
        for column in TABLES[table].file_columns:
            assert (f"**{column.name}**" if column.required else column.name) in row, column.name
    for key in Dataset.model_fields:
        assert f"`{key}`" in formats, key


def test_every_recipe_of_the_product_is_valid() -> None:
    for name in recipe_names():
        assert load_recipe(name).name == name


@pytest.mark.parametrize("kind", ["error", "reason", "finding", "step", "detail"])
def test_messages_are_in_both_languages_with_the_same_facts(kind: str) -> None:
    for code in codes(kind):  # type: ignore[arg-type]
        both = [message(kind, code, language) for language in ("en", "zh")]  # type: ignore[arg-type]
        facts = [set(re.findall(r"{(\w+)}", sentence)) for sentence in both]
        assert facts[0] == facts[1], code
        assert re.search(r"[\u4e00-\u9fff]", both[1]), code


def test_every_message_is_used() -> None:
    sources = "".join(
        p.read_text("utf-8") for room in ("etl", "data") for p in (ROOT / room).rglob("*.py")
    )
    for kind in ("error", "reason", "finding", "step", "detail"):
        for code in codes(kind):  # type: ignore[arg-type]
            assert f'"{code}"' in sources, f"{kind}.{code}"
