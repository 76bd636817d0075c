"""Who may import whom (docs/architecture.md): rooms point one way only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("app", "pages", "data", "geo", "etl")
DATA_FOR_PAGES = {
    "builds", "catalog", "engine", "entries", "export", "filters", "messages", "metrics",
    "mock_workbook", "photos", "plan", "recompute_draw", "sample_entries", "settings", "standards",
    "templates", "views",
}  # fmt: skip
INTAKE_TYPES = ("CheckResult", "County", "CrsFit", "Incoming")
OTHER_TYPES = ("etl.propose.Proposal", "etl.recipe.Dataset", "etl.recipe.Recipe")
BRING_FILES = ("data_admin.py", "bring_file.py", "sample_mock_file.py")  # docs/adr/0008-intake.md
SOURCES = sorted(
    path
    for room in ROOMS
    for path in ([ROOT / f"{room}.py"] if room == "app" else (ROOT / room).rglob("*.py"))
)


def imports(path: Path) -> set[str]:
    """Dotted names that a file imports, `from a import b` as a.b."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    room, names = room_of(path), imports(path)
    first = {name.split(".")[0] for name in names}
    allowed = {
        "app": {"app", "pages"},
        "pages": {"pages", "data"},
        "data": {"data", "geo"},
        "etl": {"etl", "data", "geo"},
        "geo": {"geo"},
    }[room]
    if path.name in BRING_FILES:
        loads = {name for name in names if name.startswith("etl")}
        assert loads <= {"etl.intake", *(f"etl.intake.{n}" for n in INTAKE_TYPES), *OTHER_TYPES}
        allowed = allowed | {"etl"}
    assert not (first & set(ROOMS)) - allowed
    if room in ("app", "pages"):
        from_data = {name.split(".")[1] for name in names if name.startswith("data.")}
        assert from_data <= DATA_FOR_PAGES
    else:
        assert not first & {"streamlit", "folium", "plotly", "streamlit_folium"}
    if path != ROOT / "data" / "engine.py":
        assert "duckdb" not in first
    if path != ROOT / "data" / "entries.py":
        assert "sqlite3" not in first
    if room == "data" and path.parent.name != "views":
        assert "geo" not in first
    if room == "etl":
        from_data = {name.split(".")[1] for name in names if name.startswith("data.")}
        assert from_data <= {
            "builds", "catalog", "engine", "messages", "settings", "standards", "templates",
        }  # fmt: skip


def test_no_helper_stands_beside_the_pages() -> None:
    """Each file at the top of pages/ is a page that the frame lists."""
    from pages.ui.registry import REGISTRY

    assert {path.stem for path in (ROOT / "pages").glob("*.py")} == {page.name for page in REGISTRY}


@pytest.mark.parametrize("word", ["utils", "helpers", "common", "misc", "manager"])
def test_no_file_is_named_after_nothing(word: str) -> None:
    assert not [path for path in SOURCES if word in path.stem]


def test_sql_lives_in_sql_files() -> None:
    """Outside data/engine.py no Python file holds a select statement."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                is_sql = node.value.lstrip().lower().startswith(("select ", "insert into ", "with "))
                assert not is_sql or path.name == "engine.py", f"{path}: {node.value[:60]}"


def test_the_map_component_is_imported_by_pages_only() -> None:
    """What app.py imports comes before the server runs: a component would not be served."""
    code = "import app, sys; sys.exit('streamlit_folium' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
