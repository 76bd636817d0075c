"""Plans of sample points and mock inspections, typed in without a page."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

from data import sample_entries
from data.builds import current_build_id, open_build
from data.plan import PlanSettings, Quota
from data.sample_entries import FRAMES
from data.views import draw as views
from data.views.choose import choose, suggested_quotas
from data.views.frame import SampleFrame, in_grids, sample_frame
from data.views.inspection_route import inspection_route
from data.views.mock import mock_draft
from data.views.overview import build_info
from data.views.plan_review import points_to_keep
from data.views.standards import form_parts, quotas_for, standard_table

DAY = date(2026, 11, 20)
EDITION, FORM = "2021", "现场评估·市容环境卫生"
POINTS, SEED = 24, "20260302"


def copy_of(store: Path, folder: Path) -> Path:
    """The store's builds under hard links in a new folder, without what people typed in."""
    typed = shutil.ignore_patterns("entries*", FRAMES)
    return Path(shutil.copytree(store, folder, ignore=typed, copy_function=os.link))


@lru_cache(maxsize=1)
def _sites(build_id: str, store: Path) -> SampleFrame:
    return in_grids(sample_frame(open_build(build_id, store)))


def write_plan(
    store: Path,
    *quotas: Quota,
    is_drawn: bool = True,
    title: str = "迎检",
    edition: str = EDITION,
) -> int:
    """A plan as the page makes it: of these quotas, or of the suggested ones; drawn with SEED."""
    build_id = current_build_id(store)
    engine = open_build(build_id, store)
    build, frame = build_info(engine), _sites(build_id, store).frame
    if not quotas:
        asked = quotas_for(standard_table(engine, "standard_quota"), EDITION, 12.0).rows
        found = suggested_quotas(frame, POINTS, asked.head(0), 0.5, 0.2)
        quotas = tuple(one.quota for one in found)
    settings = PlanSettings(edition, FORM, 12.0, quotas, risk_weight=0.3, min_distance_m=50.0)
    chosen = points_to_keep(choose(frame, settings))
    plan_id = sample_entries.add_plan(
        build.source, title, settings, DAY, build_id, build.data_until, chosen, store=store
    )
    if is_drawn:
        settings = replace(settings, seed=SEED)
        with patch.object(views, "RANDOM_DRAWS", 1):  # to compare with, of which nothing is kept
            done = views.draw(frame, settings, list(chosen["site_key"]))
        sample_entries.keep_frame(done.frame_file, store)
        sample_entries.set_draw(
            build.source, plan_id, settings, build_id, build.data_until, done.frame_digest,
            done.draw_digest, DAY, done.points.assign(reasons="[]"), store,
        )  # fmt: skip
    return plan_id


def write_mock(store: Path, plan_id: int, people: str = "张三", note: str = "", seen: int = 0) -> int:
    """An inspection of the plan's points; the first `seen` of them are filled in, each with a find."""
    build_id = current_build_id(store)
    engine = open_build(build_id, store)
    source = build_info(engine).source
    settings = PlanSettings.of_json(
        sample_entries.plans(source, store).set_index("plan_id").loc[plan_id, "settings"]
    )
    deductions = standard_table(engine, "standard_deduction")
    parts = form_parts(standard_table(engine, "standard_weight"), deductions, EDITION)
    own = parts[parts["form"] == settings.form]
    is_own = (deductions["edition"] == EDITION) & (deductions["form"] == settings.form)
    draft = mock_draft(
        _sites(build_id, store),
        inspection_route(engine, sample_entries.plan_points(source, plan_id, store), 2).stops,
        deductions[is_own],
        dict(zip(own["part"], own["points"], strict=True)),
        settings.pass_share,
    )
    mock_id = sample_entries.add_mock(
        source, "mock", f"{people}的预演", DAY, people, plan_id, settings, draft.forecast, draft.points,
        draft.items, store,
    )  # fmt: skip
    items = sample_entries.mock_items(source, mock_id, store)
    first = items.groupby("mock_point_id")["item"].first().to_dict()
    points = sample_entries.mock_points(source, mock_id, store)["mock_point_id"].head(seen)
    sample_entries.mark_points(
        source, [(int(one), "seen", [first[one]], DAY, note) for one in points], store
    )
    return mock_id
