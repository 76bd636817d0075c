"""Mock inspections: scored as the rehearsal scores, and forecasts judged fairly."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from data.engine import DuckDBEngine
from data.standards import threshold
from data.views.mock import UNSCORED, MockDraft, mock_draft, mock_result
from data.views.mock_check import FaultyShare, faulty_share, found_times, mock_check, self_agreement
from geo.forecast import count_chances, forecast_test
from geo.share import wilson_interval

CLASSES = ["乱停乱放", "乱扔乱倒", "乱贴乱画"]
PARTS = {"市容市貌": 42.0, "公厕": 18.0, "园林绿化": 18.0}


@dataclass(frozen=True)
class Sample:
    frame: pd.DataFrame
    classes: list[str]
    mix: npt.NDArray[np.float64]


def sample(streets: int = 6, toilets: int = 2, risk: float | None = None) -> Sample:
    kinds = ["主次干道"] * streets + ["公厕"] * toilets + ["学校"]
    frame = pd.DataFrame(
        {
            "site_key": [f"{kind}{n}" for n, kind in enumerate(kinds)],
            "site_type": kinds,
            "risk": np.linspace(0.05, 0.6, len(kinds)) if risk is None else risk,
        }
    )
    return Sample(frame, CLASSES, np.tile([0.5, 0.3, 0.2], (len(kinds), 1)))


def stops(one: Sample, *more: str) -> pd.DataFrame:
    keys = [*one.frame["site_key"], *more]
    return pd.DataFrame(
        {
            "site_key": keys,
            "site_type": [key.rstrip("0123456789") for key in keys],
            "street_name": [f"{key}路" for key in keys],
            "site_name": "",
            "grid_id": ["G1" if n % 2 else "G2" for n in range(len(keys))],
            "grid_name": ["一网格" if n % 2 else "二网格" for n in range(len(keys))],
            "lead_unit": ["住建局" if n % 2 else "城管局" for n in range(len(keys))],
            "role": "drawn",
            "team": 1,
            "probability": 0.5,
            "lon": 109.5,
            "lat": 36.5,
        }
    )


def deductions() -> pd.DataFrame:
    rows = [
        ("市容市貌", "主次干道", "乱停乱放", 1.0, 2.5),
        ("市容市貌", "主次干道", "其他", 0.5, np.nan),
        ("公厕", "公厕", "其他", 2.0, 6.0),
        ("园林绿化", "公园广场", "其他", 1.0, 6.0),
        ("没有分值的板块", "公厕", "乱贴乱画", 1.0, 6.0),
    ]
    return pd.DataFrame(rows, columns=["part", "site_type", "item", "points", "cap"])


def draft(one: Sample, *more: str) -> MockDraft:
    return mock_draft(one, stops(one, *more), deductions(), PARTS, 0.8)


def seen(made: MockDraft, finds: set[tuple[str, str]], unseen: tuple[str, ...] = ()) -> MockDraft:
    """The draft as it is kept, all points seen but those left out, with these finds."""
    points = made.points.assign(result=np.where(made.points["site_key"].isin(unseen), "", "seen"))
    pairs = zip(made.items["site_key"], made.items["item"], strict=True)
    is_found = [None if key in unseen else float((key, item) in finds) for key, item in pairs]
    return MockDraft(points, made.items.assign(is_found=is_found), made.forecast)


def test_each_point_has_the_items_of_its_type_and_their_chances() -> None:
    made = draft(sample(), "公厕99")
    by_type = made.items.groupby("site_type")["item"].agg(lambda items: tuple(dict.fromkeys(items)))
    assert by_type.to_dict() == {
        "主次干道": ("乱停乱放", "其他"), "公厕": ("其他",), "学校": ("其他",),
    }  # fmt: skip
    school = made.items[made.items["site_type"] == "学校"].iloc[0]
    assert (school["part"], school["points"]) == (UNSCORED, 0)
    risk = sample().frame["risk"]
    first = made.items[made.items["site_key"] == "主次干道0"]
    assert first["chance"].tolist() == pytest.approx([1 - (1 - risk[0]) ** 0.5] * 2)
    # every class is in an item of each type, so a point's chance is that of its site
    assert made.points["chance"].tolist()[:-1] == pytest.approx(risk.tolist())
    assert np.isnan(made.points["chance"].iloc[-1]), "the frame does not have it any more"
    assert (made.forecast["points"], made.forecast["unknown"]) == (9, 1)


def test_what_costs_nothing_is_looked_at_and_not_scored() -> None:
    free = deductions().assign(cap=[0.0, np.nan, 6.0, 6.0, 6.0], points=[1.0, 0.5, 0.0, 1.0, 1.0])
    one = sample()
    made = mock_draft(one, stops(one), free, PARTS, 0.8)
    parts = made.items.drop_duplicates(["site_type", "item"]).set_index(["site_type", "item"])["part"]
    assert parts[parts != UNSCORED].to_dict() == {("主次干道", "其他"): "市容市貌"}
    assert made.forecast["full"] == 42
    kept = seen(made, {("公厕6", "其他")})
    result = mock_result(kept.points, kept.items, kept.forecast["part_points"], 0.8)
    assert (result.full, result.score, result.faulty) == (42, 42, 1)
    assert result.unscored == (one.frame["site_type"] != "主次干道").sum()


def test_the_forecast_is_that_of_these_points() -> None:
    made = draft(sample(streets=2))
    told = made.forecast
    assert (told["full"], told["pass_score"]) == (60, 48)
    assert told["part_points"] == {"市容市貌": 42, "公厕": 18}
    assert [part["part"] for part in told["parts"]] == ["市容市貌", "公厕"]
    chances = made.items.set_index(["site_key", "item"])["chance"]
    street = sum(
        chances[key, "乱停乱放"] + 0.5 * chances[key, "其他"] for key in ("主次干道0", "主次干道1")
    )
    assert told["parts"][0]["score"] == pytest.approx(42 - street, abs=0.03)
    assert told["finds"] == pytest.approx(made.points["chance"].sum(), abs=0.03)
    likely = count_chances(made.points["chance"].to_numpy()).cumsum()
    assert told["finds_low"] == np.searchsorted(likely, 0.05)
    assert told["finds_high"] == np.searchsorted(likely, 0.95)


def test_a_score_by_hand() -> None:
    finds = {(f"主次干道{n}", "乱停乱放") for n in range(4)} | {
        ("主次干道0", "其他"), ("公厕6", "其他"), ("学校8", "其他"),
    }  # fmt: skip
    made = seen(draft(sample()), finds, unseen=("公厕7",))
    result = mock_result(made.points, made.items, made.forecast["part_points"], 0.8)
    # 4 cars cost 4 but the row loses 2.5 at most; one other costs .5; one toilet 2
    assert result.score == 60 - 2.5 - 0.5 - 2
    assert (result.full, result.pass_score) == (60, 48)
    assert (result.points, result.seen, result.missing, result.unscored) == (9, 8, 1, 1)
    assert result.faulty == 6
    rows = result.rows.set_index(["site_type", "item"])["points_lost"]
    assert rows.to_dict() == {
        ("主次干道", "乱停乱放"): 2.5, ("公厕", "其他"): 2, ("主次干道", "其他"): 0.5,
        ("学校", "其他"): 0,
    }  # fmt: skip
    sites = result.sites.set_index("site_key")["points_lost"]
    assert sites["主次干道0"] == pytest.approx(2.5 / 4 + 0.5)
    for name in ("parts", "rows", "grids", "units", "sites"):
        assert getattr(result, name)["points_lost"].sum() == pytest.approx(5), name


def test_parts_without_a_seen_point_are_not_scored() -> None:
    made = seen(draft(sample()), set(), unseen=("公厕6", "公厕7"))
    result = mock_result(made.points, made.items, made.forecast["part_points"], 0.8)
    assert (result.full, result.score) == (42, 42)
    assert result.parts["part"].tolist() == ["市容市貌"]


def test_nothing_seen_is_no_score() -> None:
    made = draft(sample())
    made = seen(made, set(), unseen=tuple(made.points["site_key"]))
    result = mock_result(made.points, made.items, made.forecast["part_points"], 0.8)
    assert (result.seen, result.full, result.missing) == (0, 0, 9)
    assert mock_check(made.points, made.items, made.forecast["part_points"], 0.8) is None


def simulated(made: MockDraft, random: np.random.Generator, factor: float = 1) -> MockDraft:
    hits = random.random(len(made.items)) < factor * made.items["chance"]
    pairs = made.items.loc[hits, ["site_key", "item"]].itertuples(index=False)
    return seen(made, {(key, item) for key, item in pairs})


def test_honest_chances_pass_and_wrong_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"rehearsal_rounds": 200}
    monkeypatch.setattr("data.views.mock.threshold", lambda key: values.get(key, threshold(key)))
    made, random = draft(sample(streets=200, toilets=100)), np.random.default_rng(5)
    verdicts, within, bins = [], 0, 0
    for _ in range(40):
        one = simulated(made, random)
        check = mock_check(one.points, one.items, made.forecast["part_points"], 0.8)
        assert check is not None
        verdicts.append(check.verdict)
        within += int(((check.bins["lower"] <= check.bins["predicted"])
                       & (check.bins["predicted"] <= check.bins["upper"])).sum())  # fmt: skip
        bins += len(check.bins)
        assert check.brier < check.brier_base + 0.02
    assert verdicts.count("honest") >= 35
    assert within / bins > 0.9
    for factor, verdict in ((1.6, "optimistic"), (0.5, "pessimistic")):
        one = simulated(made, random, factor)
        check = mock_check(one.points, one.items, made.forecast["part_points"], 0.8)
        assert check is not None
        assert check.verdict == verdict


def test_few_points_are_not_judged() -> None:
    made = seen(draft(sample()), set())
    check = mock_check(made.points, made.items, made.forecast["part_points"], 0.8)
    assert check is not None
    assert (check.points, check.verdict) == (9, "few")
    assert check.bins["is_too_few"].all()
    assert check.told["score_low"] <= check.told["score"] <= check.told["score_high"]
    assert check.score == 60
    assert check.parts["part"].tolist() == ["市容市貌", "公厕"]
    assert check.parts["score"].tolist() == [42, 18]
    assert (check.parts["told_low"] <= check.parts["told"]).all()


def test_chances_of_counts_are_those_of_all_outcomes() -> None:
    chance = np.array([0.1, 0.5, 0.8])
    by_hand = np.zeros(4)
    for outcome in product([0, 1], repeat=3):
        hit = np.array(outcome)
        by_hand[hit.sum()] += np.prod(np.where(hit == 1, chance, 1 - chance))
    assert count_chances(chance).tolist() == pytest.approx(by_hand.tolist())
    assert forecast_test(chance, 0) == pytest.approx(2 * by_hand[0])
    assert forecast_test(np.empty(0), 0) == 1
    with pytest.raises(ValueError, match="4 hits"):
        forecast_test(chance, 4)


def visit(kind: str, key: str, day: str, unit: str = "住建局", *, faulty: bool) -> dict[str, object]:
    return {
        "mock_point_id": 0, "kind": kind, "title": "", "site_key": key, "lead_unit": unit,
        "checked_on": day, "is_faulty": int(faulty),
    }  # fmt: skip


def test_agreement_by_hand() -> None:
    rows = []
    for n in range(12):  # the unit finds 4 of 12, the inspection those but one, and 3 more
        rows.append(visit("self", f"P{n}", "2026-03-01", faulty=n < 4))
        rows.append(visit("mock", f"P{n}", "2026-03-11", faulty=1 <= n < 7))
    rows += [
        visit("self", "P0", "2026-03-12", faulty=False),  # after the inspection
        visit("self", "Q0", "2026-01-01", faulty=False), visit("mock", "Q0", "2026-03-11", faulty=True),
        visit("self", "R0", "2026-03-11", "城管局", faulty=True),
        visit("mock", "R0", "2026-03-11", "城管局", faulty=True),
    ]  # fmt: skip
    found = self_agreement(pd.DataFrame(rows))
    total = found.total.iloc[0]
    assert (total["pairs"], total["agreed"], total["self_clean"], total["missed"]) == (13, 9, 8, 3)
    lower, upper = wilson_interval(np.array([9.0]), np.array([13.0]))
    assert total["agreed_share"] == pytest.approx(9 / 13)
    assert (total["agreed_lower"], total["agreed_upper"]) == pytest.approx((lower[0], upper[0]))
    assert np.isnan(total["missed_share"]), "8 of the least 10"
    assert found.units["lead_unit"].tolist() == ["住建局", "城管局"]
    assert np.isnan(found.units["agreed_share"].iloc[1])
    assert found.pairs.set_index("site_key")["self_on"]["P0"] == pd.Timestamp("2026-03-01")


def test_no_pairs_are_an_empty_answer() -> None:
    found = self_agreement(pd.DataFrame([visit("mock", "P0", "2026-03-11", faulty=True)]))
    assert (len(found.pairs), len(found.total), len(found.units)) == (0, 0, 0)


def test_what_the_last_inspection_found_against_what_was_told() -> None:
    """One too small, a self-check, one held before but typed in later, and the one that counts."""
    rows = [
        {"mock_id": mock, "kind": kind, "title": f"第{mock}次",
         "held_on": pd.Timestamp(f"2026-03-{day}"), "site_key": f"P{n}",
         "role": "declared", "chance": chance, "is_faulty": int(n < 10)}
        for mock, kind, day, points in (
            (1, "mock", 12, 25), (2, "self", 14, 25), (4, "mock", 11, 30), (3, "mock", 13, 5),
        )
        for n, chance in enumerate([0.2] * points + [None])
    ]  # fmt: skip
    found = found_times(pd.DataFrame(rows))
    assert found is not None
    assert (found.title, found.points, found.faulty) == ("第1次", 25, 10)
    assert found.times == pytest.approx(10 / 5)
    assert found.declared == 25
    lower, upper = wilson_interval(np.array([10.0]), np.array([25.0]))
    assert (found.lower, found.upper) == pytest.approx((lower[0] * 5, upper[0] * 5))
    assert found_times(pd.DataFrame(rows[-6:])) is None


def visited(declared: int, drawn: int) -> pd.DataFrame:
    """Declared points that all have a find, drawn ones that have none, each told 1 in 5."""
    return pd.DataFrame(
        {
            "mock_id": 1,
            "kind": "mock",
            "title": "一",
            "held_on": pd.Timestamp("2026-03-12"),
            "site_key": range(declared + drawn),
            "role": ["declared"] * declared + ["drawn"] * drawn,
            "chance": 0.2,
            "is_faulty": [1] * declared + [0] * drawn,
        }
    )


def test_points_chosen_for_their_low_risk_do_not_speak_for_the_others() -> None:
    found = found_times(visited(30, 20))
    assert found is not None
    assert (found.points, found.declared, found.times, found.lower) == (20, 0, 0, 0)
    few = found_times(visited(30, 19))
    assert few is not None
    assert (few.points, few.declared) == (49, 30)


def test_the_interval_of_the_times_covers_what_is_so() -> None:
    """Chances from 1 % to 40 %; twice as many points have a find."""
    random = np.random.default_rng(7)
    told, rounds = np.linspace(0.01, 0.4, 60), 400
    seen, covered = visited(0, 60).assign(chance=told), 0
    for _ in range(rounds):
        found = found_times(seen.assign(is_faulty=(random.random(60) < 2 * told).astype(int)))
        assert found is not None
        covered += found.lower <= 2 <= found.upper
    assert covered / rounds > 0.94


def some_sites(
    role: str, faulty: list[bool], probability: float, *, unseen: int = 0, site_type: str = "公厕"
) -> pd.DataFrame:
    """Points of one role and type; the first unseen ones were not looked at."""
    n = len(faulty)
    return pd.DataFrame(
        {
            "role": role,
            "site_type": site_type,
            "probability": probability,
            "is_seen": np.arange(n) >= unseen,
            "is_faulty": np.array(faulty, bool),
            "lon": 107.9 + np.arange(n) / 1000,
            "lat": 34.4,
        }
    )


def weighted(demo_engine: DuckDBEngine, faulty: list[bool]) -> FaultyShare | None:
    """Ten drawn points, half of them with a chance of 1 in 2, half of 1 in 10, and a declared one."""
    chances = [0.5 if k % 2 else 0.1 for k in range(len(faulty))]
    drawn = some_sites("drawn", faulty, np.nan).assign(probability=chances)
    others = [some_sites("declared", [True], 1.0), some_sites("spare", [True], 0.5)]
    return faulty_share(demo_engine, pd.concat([drawn, *others], ignore_index=True))


def test_the_county_is_weighted_back(demo_engine: DuckDBEngine) -> None:
    found = weighted(demo_engine, [k % 2 == 0 for k in range(10)])
    assert found is not None
    # the rarely drawn are faulty: 5 x 10 and the declared one of 5 x 10 + 5 x 2 + 1
    assert found.share == pytest.approx(51 / 61)
    assert found.lower < found.share < found.upper
    assert (found.drawn, found.declared, found.plain) == (10, 1, pytest.approx(6 / 11))
    few = weighted(demo_engine, [True] * 9)
    assert few is not None
    assert np.isnan(few.share)
    assert weighted(demo_engine, []) is None


def test_a_sample_that_is_all_alike_is_no_certainty(demo_engine: DuckDBEngine) -> None:
    found = weighted(demo_engine, [True] * 10)
    assert found is not None
    assert found.share == 1
    assert found.lower < 0.8


def shares(demo_engine: DuckDBEngine, seen: int, rounds: int) -> tuple[np.ndarray, float]:
    """20 declared clean points, 80 others of which half are faulty and 20 drawn, that many seen.

    The estimates, and how often the interval covers the truth of .4.
    """
    random = np.random.default_rng(20260302)
    declared = some_sites("declared", [False] * 20, np.nan).assign(
        lon=107.9 + random.random(20) / 20, lat=34.4 + random.random(20) / 20
    )
    estimates, covered = [], 0
    for _ in range(rounds):
        faulty = random.permutation([True] * 40 + [False] * 40)[:20].tolist()
        drawn = some_sites("drawn", faulty, 0.25, unseen=20 - seen).assign(
            lon=107.9 + random.random(20) / 20, lat=34.4 + random.random(20) / 20
        )
        found = faulty_share(demo_engine, pd.concat([declared, drawn], ignore_index=True))
        assert found is not None
        estimates.append(found.share)
        covered += found.lower <= 0.4 <= found.upper
    return np.array(estimates), covered / rounds


@pytest.mark.parametrize(("seen", "least"), [(10, 0.87), (20, 0.91)])
def test_points_not_seen_at_random_do_not_bias_the_county(
    demo_engine: DuckDBEngine, seen: int, least: float
) -> None:
    estimates, covered = shares(demo_engine, seen, 250)
    assert abs(estimates.mean() - 0.4) < 3 * estimates.std() / np.sqrt(250)
    assert least < covered < 0.98


def test_those_seen_stand_for_those_of_their_role_and_type(demo_engine: DuckDBEngine) -> None:
    sites = [
        some_sites("drawn", [True] * 20, 0.5, unseen=10),
        some_sites("drawn", [False] * 10, 0.5, site_type="学校"),
        some_sites("declared", [False] * 4, np.nan, unseen=2),
        some_sites("drawn", [True] * 3, 0.5, unseen=3, site_type="医院"),
        some_sites("declared", [True] * 2, np.nan, unseen=2, site_type="学校"),
    ]
    found = faulty_share(demo_engine, pd.concat(sites, ignore_index=True))
    assert found is not None
    assert found.share == pytest.approx(40 / (40 + 20 + 4))
    assert (found.drawn, found.declared, found.unseen) == (20, 2, 12)
    assert found.left_out == [("drawn", "医院"), ("declared", "学校")]


def test_a_census_has_no_interval_unless_a_point_was_not_seen(demo_engine: DuckDBEngine) -> None:
    declared = some_sites("declared", [True] * 2, np.nan)
    drawn = some_sites("drawn", [True] * 3 + [False] * 10, 1.0)
    found = faulty_share(demo_engine, pd.concat([drawn, declared], ignore_index=True))
    assert found is not None
    assert (found.share, found.lower, found.upper) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert found.is_census
    drawn.loc[12, "is_seen"] = False
    found = faulty_share(demo_engine, pd.concat([drawn, declared], ignore_index=True))
    assert found is not None
    assert found.lower < found.share < found.upper
    assert not found.is_census


def test_an_edition_without_deductions_is_looked_at_and_not_scored() -> None:
    one = sample()
    made = mock_draft(one, stops(one), deductions().head(0), {}, 0.8)
    assert made.items["part"].eq(UNSCORED).all()
    assert (made.forecast["full"], made.forecast["parts"]) == (0, [])
    kept = seen(made, {("公厕6", "其他")})
    result = mock_result(kept.points, kept.items, {}, 0.8)
    assert (result.full, result.score, result.faulty, result.unscored) == (0, 0, 1, 9)
    check = mock_check(kept.points, kept.items, {}, 0.8)
    assert check is not None
    assert check.told["finds"] == pytest.approx(made.points["chance"].sum(), abs=0.05)


def test_points_that_the_frame_lost_are_looked_at_and_not_told() -> None:
    one = sample()
    gone = stops(one).assign(site_key=lambda rows: "x" + rows["site_key"])
    made = mock_draft(one, gone, deductions(), PARTS, 0.8)
    assert made.points["chance"].isna().all()
    assert (made.forecast["points"], made.forecast["unknown"]) == (0, 9)
    kept = seen(made, {("x公厕6", "其他")})
    assert mock_check(kept.points, kept.items, made.forecast["part_points"], 0.8) is None
    assert mock_result(kept.points, kept.items, made.forecast["part_points"], 0.8).score == 58
