"""The public draw: files that say everything, and a program of its own that repeats it from them."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import recompute_draw
from data.plan import Note, PlanSettings, Quota
from data.views import draw as views
from data.views.draw import draw, evenness, frame_file, read_frame_file

SCRIPT = Path(recompute_draw.__file__)
TYPES = ("主次干道", "背街小巷", "公厕", "农贸市场")


def county(count: int = 1_000, seed: int = 1) -> pd.DataFrame:
    """Sites as a county has them: points along streets, clusters, several at one place."""
    random = np.random.default_rng(seed)
    along = np.stack([np.arange(count) % 97 * 50.0, np.arange(count) // 97 * 200.0], axis=1)
    near = random.integers(0, count, count)
    is_site = random.random(count) < 0.2
    xy = np.where(is_site[:, None], along[near] + random.integers(0, 2, (count, 2)) * 3.14, along)
    kind = np.where(is_site, random.integers(2, 4, count), random.integers(0, 2, count))
    return pd.DataFrame(
        {
            "site_key": [f"S{n:05d}#{n % 7}" for n in range(count)],
            "site_type": np.array(TYPES, dtype=object)[kind],
            "x_m": 500_000 + xy[:, 0],
            "y_m": 4_000_000 + xy[:, 1],
            "risk": random.beta(1, 4, count),
            "grid_id": "G1",
        }
    )


def plan(**change: object) -> PlanSettings:
    quotas = (Quota("主次干道", 20, 3, 4), Quota("背街小巷", 15, 0, 3), Quota("公厕", 10, 1, 2))
    fields = {
        "edition": "2021", "form": "现场评估", "population": 20.0, "quotas": quotas, "risk_weight": 0.5,
        "min_distance_m": 120.0, "seed": "20261122",
    }  # fmt: skip
    return PlanSettings(**(fields | change))  # type: ignore[arg-type]


def keys(frame: pd.DataFrame, site_type: str, count: int) -> list[str]:
    found: list[str] = frame.loc[frame["site_type"] == site_type, "site_key"].head(count).tolist()
    return found


def repeated(announced: bytes, seed: str) -> bytes:
    return recompute_draw.repeat_draw(announced.decode(), seed).encode()


def test_points_have_roles_places_and_the_frame_s_columns() -> None:
    frame = county()
    declared = keys(frame, "主次干道", 3) + keys(frame, "公厕", 1)
    drawn = draw(frame, plan(), declared)
    points = drawn.points
    main = points[points["role"] != "spare"].groupby("site_type").size()
    assert main.to_dict() == {"主次干道": 20, "背街小巷": 15, "公厕": 10}
    assert sorted(points.loc[points["role"] == "declared", "site_key"]) == sorted(declared)
    assert (points.loc[points["role"] == "declared", "probability"] == 1).all()
    for _, group in points.groupby(["role", "site_type"]):
        assert group["position"].tolist() == list(range(1, len(group) + 1))
    assert (points["grid_id"] == "G1").all()
    assert points["site_key"].is_unique


def test_the_draw_is_more_even_than_nearly_all_random_ones() -> None:
    drawn = draw(county(3_000), plan(min_distance_m=0.0), [])
    keys_drawn = drawn.points.loc[drawn.points["role"] == "drawn", "site_key"]
    for figure in evenness(drawn.frame_file, keys_drawn):
        assert figure.value < figure.random_low < figure.random_mean < figure.random_high
    assert {notice.code for notice in drawn.notices} == {"fewer_declared"}


def test_notices_count_what_is_odd() -> None:
    frame = county()
    quotas = (Quota("主次干道", 4, 0), Quota("公厕", 400, 2, 5), Quota("城中村", 1, 0))
    declared = ["nowhere", *keys(frame, "主次干道", 6), *keys(frame, "农贸市场", 2)]
    drawn = draw(frame, plan(quotas=quotas, min_distance_m=0.0), declared)
    toilets = int((frame["site_type"] == "公厕").sum())
    assert set(drawn.notices) == {
        Note("unknown_declared", "", 1),
        Note("more_declared", "主次干道", 2),
        Note("no_quota", "农贸市场", 2),
        Note("fewer_declared", "公厕", 2),
        Note("short", "公厕", 400 - toilets),
        Note("few_spares", "公厕", 5),
        Note("short", "城中村", 1),
    }


def test_what_is_too_near_is_told() -> None:
    drawn = draw(county(), plan(min_distance_m=700.0, quotas=(Quota("公厕", 12, 0, 6),)), [])
    counts = {notice.code: notice.number for notice in drawn.notices}
    lines = [json.loads(line) for line in drawn.result_file.decode().splitlines()[1:]]
    for role in ("skipped", "too_near"):
        assert counts.get(role, 0) == sum(line[0] == role for line in lines)
    assert counts["skipped"]
    assert counts["few_spares"] == counts["skipped"]


def test_the_frame_file_holds_the_plan_in_one_way_only() -> None:
    frame = county(200)
    declared = keys(frame, "公厕", 2)
    announced = frame_file(frame, plan(), declared)
    shuffled = frame.sample(frac=1, random_state=1)
    assert frame_file(shuffled, plan(seed=""), declared[::-1]) == announced
    head, first, *_ = [json.loads(line) for line in announced.decode().splitlines()]
    assert head == ["draw frame", 1, 12_000]
    assert first == ["stratum", "主次干道", 20, 4]
    back = read_frame_file(announced)
    wanted = frame[frame["site_type"].isin(back.strata)].sort_values("site_key")
    assert back.keys == wanted["site_key"].tolist()
    assert back.xy_m == pytest.approx(wanted[["x_m", "y_m"]].to_numpy(), abs=0.005)
    assert back.is_declared.sum() == 2
    assert back.size.mean() == pytest.approx(1, abs=1e-5)
    assert b"\xe5\x86\x9c\xe8\xb4\xb8" not in announced  # 农贸市场 has no quota


def test_hostile_keys_stay_in_their_line() -> None:
    frame = county(60)
    frame["site_key"] = [f'"],\n\t\u2028 {n}' for n in range(60)]
    drawn = draw(frame, plan(), [])
    assert read_frame_file(drawn.frame_file).keys == sorted(
        frame.loc[frame["site_type"] != "农贸市场", "site_key"]
    )
    assert repeated(drawn.frame_file, "20261122") == drawn.result_file


def test_nonsense_is_refused() -> None:
    frame = county(60)
    with pytest.raises(ValueError, match="seed"):
        draw(frame, plan(seed=""), [])
    with pytest.raises(ValueError, match="twice"):
        draw(pd.concat([frame, frame]), plan(), [])


@pytest.mark.parametrize("count", [5_000, 60])
def test_the_auditor_s_program_repeats_the_draw(count: int, tmp_path: Path) -> None:
    frame = county(count)
    drawn = draw(frame, plan(), keys(frame, "公厕", 2))
    (tmp_path / "frame.txt").write_bytes(drawn.frame_file)
    said = subprocess.run(
        [sys.executable, "-I", "-S", SCRIPT, "frame.txt", "20261122", "result.txt"],
        cwd=tmp_path, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert said.split() == ["frame", drawn.frame_digest, "result", drawn.draw_digest]
    assert (tmp_path / "result.txt").read_bytes() == drawn.result_file
    assert hashlib.sha256(drawn.result_file).hexdigest() == drawn.draw_digest


SITES = st.lists(
    st.tuples(
        st.sampled_from(TYPES[:3]), st.integers(0, 6), st.integers(0, 6), st.floats(0, 1), st.booleans()
    ),
    max_size=60,
)
QUOTAS = st.tuples(st.integers(0, 12), st.integers(0, 5))


@settings(max_examples=150, deadline=None)
@given(
    SITES,
    st.tuples(QUOTAS, QUOTAS),
    st.sampled_from([0.0, 0.4, 0.7]),
    st.sampled_from([0.0, 15, 40]),
    st.text(min_size=1),
)
def test_the_auditor_s_program_repeats_any_draw(
    sites: list[tuple[str, int, int, float, bool]],
    quotas: tuple[tuple[int, int], tuple[int, int]],
    weight: float,
    distance_m: float,
    seed: str,
) -> None:
    """On a lattice of 10 m, so that nearly everything is a tie."""
    frame = pd.DataFrame(sites, columns=["site_type", "x_m", "y_m", "risk", "is_declared"])
    frame[["x_m", "y_m"]] *= 10.0
    frame["site_key"] = np.arange(len(frame)).astype(str).astype(object)
    declared = frame.loc[frame["is_declared"].astype(bool), "site_key"].head(8).tolist()
    asked = tuple(
        Quota(name, most, 0, spares) for name, (most, spares) in zip(TYPES, quotas, strict=False)
    )
    one = plan(quotas=asked, risk_weight=weight, min_distance_m=distance_m, seed=seed)
    with patch.object(views, "RANDOM_DRAWS", 1):
        drawn = draw(frame, one, declared)
    assert repeated(drawn.frame_file, seed) == drawn.result_file


def test_the_auditor_s_program_needs_nothing_but_an_old_python() -> None:
    tree = ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 8))
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= {"__future__", "hashlib", "json", "math", "sys", "bisect", "pathlib"}


def test_the_auditor_s_program_refuses_other_files() -> None:
    with pytest.raises(ValueError, match="version 1"):
        recompute_draw.repeat_draw('["draw frame",2,0]\n', "1")


def test_what_is_announced_counts_what_will_be_drawn() -> None:
    frame = county()
    declared = keys(frame, "公厕", 2) + keys(frame, "农贸市场", 1) + ["gone"]
    said = views.announce(frame, plan(), declared)
    assert said.frame_file == frame_file(frame, plan(), declared)
    assert said.frame_digest == hashlib.sha256(said.frame_file).hexdigest()
    found = draw(frame, plan(), declared).points
    counts = found.groupby(["site_type", "role"]).size().unstack(fill_value=0)
    types = said.types.set_index("site_type")
    for role, column in (("declared", "declared"), ("drawn", "drawn")):
        assert types[column].to_dict() == counts[role].reindex(types.index).to_dict()
    assert types["sites"].sum() == frame["site_type"].isin(types.index).sum()


def test_an_announced_file_gives_the_same_draw_when_the_data_has_changed() -> None:
    frame = county()
    declared = keys(frame, "公厕", 2)
    kept = draw(frame, plan(min_distance_m=900.0), declared)
    again = views.redraw(kept.frame_file, plan(), declared)
    assert (again.draw_digest, again.result_file) == (kept.draw_digest, kept.result_file)
    assert again.points["site_key"].tolist() == kept.points["site_key"].tolist()
    assert again.skipped["site_key"].tolist() == kept.skipped["site_key"].tolist()
    skipped = sum(notice.number for notice in kept.notices if notice.code == "skipped")
    assert (kept.skipped["role"] == "skipped").sum() == skipped > 0
    assert views.redraw(kept.frame_file, plan(seed="other"), declared).draw_digest != kept.draw_digest
