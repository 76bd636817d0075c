"""What is said of a kept plan, with and without the frame that it was chosen from."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from data.engine import DuckDBEngine
from data.filters import Filters
from data.plan import PlanSettings, Quota
from data.views.choose import choose, stand_in_list
from data.views.frame import SampleFrame, sample_frame
from data.views.overview import build_info, grids_in_force
from data.views.plan_review import points_to_keep, review

SETTINGS = PlanSettings(
    "2021", "现场评估·市容环境卫生", 18,
    (Quota("公厕", 4, 2, 1), Quota("背街小巷", 60, 30, 6), Quota("没有的类型", 2, 1)),
    min_distance_m=150,
)  # fmt: skip


@pytest.fixture(scope="module")
def found(demo_engine: DuckDBEngine) -> SampleFrame:
    return sample_frame(demo_engine)


@pytest.fixture(scope="module")
def grids(demo_engine: DuckDBEngine) -> pd.DataFrame:
    build = build_info(demo_engine)
    return grids_in_force(demo_engine, Filters(build.first_date, build.data_until))


@pytest.fixture(scope="module")
def choice(found: SampleFrame) -> pd.DataFrame:
    return choose(found.frame, SETTINGS)


def kept(choice: pd.DataFrame) -> pd.DataFrame:
    return points_to_keep(choice).assign(role="declared")


def test_what_to_beware_of(found: SampleFrame, grids: pd.DataFrame, choice: pd.DataFrame) -> None:
    said = review(kept(choice), SETTINGS, (), grids, found.frame)
    codes = [one.code for one in said.cautions]
    (none,) = [one.values for one in said.cautions if one.code == "no_type"]
    assert (none["site_type"], none["quota"], none["chosen"]) == ("没有的类型", 2, 0)
    assert codes.count("unseen") == choice["is_unseen"].sum()
    assert codes.count("open") == (choice["open_now"] > 0).sum()
    assert "too_near" not in codes
    bare = said.by_grid[said.by_grid["points"] == 0]
    assert codes.count("uncovered_grid") == (bare["candidates"] > 0).sum()
    assert codes.count("empty_grid") == (bare["candidates"] == 0).sum()
    assert said.by_type["chosen"].sum() == len(choice)
    assert said.by_grid["points"].sum() + said.outside == len(choice)
    alone = {one.code for one in review(kept(choice), SETTINGS, (), grids).cautions}
    assert alone & {"unseen", "open", "too_near"} == set(codes) & {"unseen", "open", "too_near"}


def test_where_candidates_are_not_known_no_cause_is_given(
    grids: pd.DataFrame, choice: pd.DataFrame
) -> None:
    points = kept(choice).groupby("site_type").head(1)
    said = {one.code for one in review(points, SETTINGS, (), grids).cautions}
    assert "few_declared" in said
    assert not said & {"few_chosen", "few_candidates", "no_type", "empty_grid"}


def test_points_in_grids_that_are_no_more(grids: pd.DataFrame, choice: pd.DataFrame) -> None:
    gone = choice["grid_id"].iloc[0]
    said = review(kept(choice), SETTINGS, (), grids[grids["grid_id"] != gone])
    assert said.former == (choice["grid_id"] == gone).sum()
    assert said.by_grid["points"].sum() + said.outside + said.former == len(choice)


def test_quotas_that_the_frame_cannot_fill(found: SampleFrame, grids: pd.DataFrame) -> None:
    toilets = found.frame[found.frame["site_type"] == "公厕"]
    count = len(toilets)
    wanted = replace(SETTINGS, quotas=(Quota("公厕", count + 3, count + 1),), min_distance_m=0)

    def codes(points: pd.DataFrame) -> dict[str, list[int]]:
        said = review(kept(points), wanted, (), grids, found.frame).cautions
        of_types = [one for one in said if "declared" in one.values]
        return {
            one.code: [one.values[n] for n in ("declared", "candidates", "chosen")] for one in of_types
        }

    every = choose(found.frame, wanted)
    assert codes(every) == {"few_candidates": [count + 1, count, count]}
    barred = choose(found.frame, wanted, barred=tuple(toilets["site_key"].head(2)))
    assert codes(barred)["few_chosen"] == [count + 1, count, count - 2]
    wanted = replace(wanted, quotas=(Quota("公厕", 3, 1),))
    assert codes(every) == {"many_pinned": [1, count, count]}


def test_pinned_points_may_stand_near_and_that_is_said(found: SampleFrame, grids: pd.DataFrame) -> None:
    street = found.frame[found.frame["site_type"] == "背街小巷"]
    pair = tuple(street["site_key"].head(2))  # of one piece of street, 50 m apart at most
    picked = choose(found.frame, SETTINGS, pair)
    said = review(kept(picked), SETTINGS, (*pair, "gone"), grids, found.frame)
    near = [one.values for one in said.cautions if one.code == "too_near"]
    assert {near[0]["one"]["site_key"], near[0]["other"]["site_key"]} == set(pair)
    assert near[0]["near_m"] < 50.5
    assert said.points.set_index("site_key").loc[list(pair), "is_pinned"].all()
    assert [one.values for one in said.cautions if one.code == "lost_pin"] == [{"site_key": "gone"}]


def test_points_keep_the_order_that_people_know(choice: pd.DataFrame) -> None:
    keys = tuple(points_to_keep(choice)["site_key"])
    turned = points_to_keep(choice, keys[::-1])
    for _, rows in turned.groupby("site_type"):
        assert rows["position"].tolist() == list(range(1, len(rows) + 1))
    assert tuple(turned["site_key"]) == keys[::-1]


def test_no_points_and_stand_ins(found: SampleFrame, grids: pd.DataFrame, choice: pd.DataFrame) -> None:
    none = review(kept(choice).head(0), replace(SETTINGS, quotas=()), (), grids)
    assert len(none.points) == 0
    assert (none.by_grid["points"] == 0).all()
    keys = tuple(choice["site_key"])
    best = stand_in_list(found.frame, SETTINGS, keys, (), keys[0], 3)
    assert best["rank"].tolist() == list(range(1, len(best) + 1))
    assert not set(best["site_key"]) & set(keys)
    assert (best["away_m"] > 0).all()
