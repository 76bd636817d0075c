"""Evenness by hand, and against samples and simulations made with other programs."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from geo.draw import Floats, Ints, Stream, inclusion_probabilities, local_pivotal
from geo.evenness import evenness_loss, random_draw_balance, voronoi_balance, voronoi_sums
from geo.share import weighted_mean

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "spatial_balance"
needs_lakes = pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/data is not here")
STANDARD_ERRORS = 4
DRAWS = 300


def test_cells_share_what_lies_between() -> None:
    """Points at 0 and 10 m: 5 m lies between; two points at one place share their cell."""
    xy = np.array([(0, 0), (4, 0), (5, 0), (10, 0)], dtype=float)
    p = np.array([0.5, 0.5, 0.6, 0.4])
    assert voronoi_sums(xy, p, np.array([0, 3])) == pytest.approx([1.3, 0.7])
    assert voronoi_balance(np.array([1.3, 0.7])) == pytest.approx(0.09)
    twice = np.array([(0, 0), (0, 0), (0, 0), (9, 0)], dtype=float)
    assert voronoi_sums(twice, np.full(4, 0.75), np.array([0, 1, 3])) == pytest.approx(
        [1.125, 1.125, 0.75]
    )


def test_cells_stay_within_strata() -> None:
    xy = np.array([(0, 0), (1, 0), (2, 0), (3, 0)], dtype=float)
    code = np.array([0, 1, 0, 1])
    assert voronoi_sums(xy, np.full(4, 0.5), np.array([0, 3]), code).tolist() == [1, 1]


def test_no_point_has_no_balance() -> None:
    none = voronoi_sums(np.eye(3, 2), np.full(3, 0.1), np.array([], dtype=int))
    assert math.isnan(voronoi_balance(none))
    assert math.isnan(evenness_loss(none))
    assert evenness_loss(np.array([1.0])) == 0


# lakes of Dumelle et al. 2023


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    loaded: dict[str, dict[str, dict[str, dict[str, float]]]] = json.loads(
        (FOLDER / "expected.json").read_text()
    )
    return loaded


@pytest.fixture(scope="module")
def lakes() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "nla12.csv")


def fixed_sample(name: str) -> Ints:
    return pd.read_csv(FOLDER / f"fixed_sample_{name}.csv")["index0"].to_numpy()


@needs_lakes
@pytest.mark.parametrize("name", ["srs", "lpm2"])
def test_balance_of_fixed_samples(name: str, lakes: pd.DataFrame) -> None:
    xy = lakes.loc[lakes["AP"].notna(), ["x", "y"]].to_numpy()
    assert len(xy) == 1028
    check_balance(name, voronoi_sums(xy, np.full(1028, 250 / 1028), fixed_sample(name)))


@needs_lakes
def test_balance_of_an_unequal_sample() -> None:
    pps = pd.read_csv(FOLDER / "pps_frame.csv")
    assert inclusion_probabilities(pps["size"].to_numpy(), 250) == pytest.approx(pps["pi"].to_numpy())
    sums = voronoi_sums(pps[["x", "y"]].to_numpy(), pps["pi"].to_numpy(), fixed_sample("lpm2_pps"))
    check_balance("lpm2_pps", sums)


def check_balance(name: str, sums: Floats) -> None:
    truth = pd.read_csv(FOLDER / "fixed_sample_expected.csv").set_index("design").loc[name]
    assert sums.sum() == pytest.approx(truth["sum_v"])
    assert voronoi_balance(sums) == pytest.approx(truth["B"], abs=1e-7)
    assert evenness_loss(sums) == pytest.approx(truth["pielou"], abs=1e-7)


class Simulation(NamedTuple):
    """One row a draw of 250 lakes."""

    balance: Floats
    loss: Floats
    mean: Floats
    error: Floats
    truth: float


@pytest.fixture(scope="module", params=["AP", "BMMI"])
def simulation(request: pytest.FixtureRequest, lakes: pd.DataFrame) -> tuple[str, Simulation]:
    known = lakes[lakes[request.param].notna()]
    xy = known[["x", "y"]].to_numpy()
    y = (known["AP"] == "Y").to_numpy(float) if request.param == "AP" else known["BMMI"].to_numpy()
    p = np.full(len(y), 250 / len(y))
    rows = []
    for number in range(DRAWS):
        sample = local_pivotal(xy, p, Stream(f"{request.param} {number}"))
        sums = voronoi_sums(xy, p, sample)
        estimate = weighted_mean(y[sample], p[sample], xy[sample])
        rows.append((voronoi_balance(sums), evenness_loss(sums), *estimate))
    return request.param, Simulation(*np.array(rows).T, y.mean())


@needs_lakes
def test_draws_are_as_even_as_the_peer_s(simulation: tuple[str, Simulation]) -> None:
    name, ours = simulation
    peer = (
        pd.read_csv(FOLDER / "peer_BalancedSampling_mc.csv")
        .set_index(["var", "design"])
        .loc[(name, "lpm2")]
    )
    for mine, theirs, error in (
        (ours.balance, peer["meanB"], peer["seB"]),
        (ours.loss, peer["meanPielou"], peer["sePielou"]),
    ):
        own = mine.std() / math.sqrt(DRAWS)
        assert abs(mine.mean() - theirs) < STANDARD_ERRORS * math.hypot(own, error)


@needs_lakes
def test_draws_beat_those_of_the_publication(
    simulation: tuple[str, Simulation], expected: dict[str, dict[str, dict[str, dict[str, float]]]]
) -> None:
    """More even than GRTS; errors as small as those of GRTS and smaller than those at random."""
    name, ours = simulation
    published = expected["published"][name]
    assert ours.loss.mean() < published["pei_grts"] < published["pei_srs"]  # type: ignore[operator]
    rmse = math.sqrt(((ours.mean - ours.truth) ** 2).mean())
    spread = STANDARD_ERRORS / math.sqrt(2 * DRAWS)  # standard error of a standard deviation
    assert rmse == pytest.approx(published["rmse_grts"], rel=spread)
    assert rmse < published["rmse_srs"]  # type: ignore[operator]
    bias = (ours.mean - ours.truth).mean()
    assert abs(bias) < STANDARD_ERRORS * rmse / math.sqrt(DRAWS)


@needs_lakes
def test_intervals_hold_what_they_promise(simulation: tuple[str, Simulation]) -> None:
    _, ours = simulation
    share = (np.abs(ours.mean - ours.truth) < 1.96 * ours.error).mean()
    assert abs(share - 0.95) < STANDARD_ERRORS * math.sqrt(0.95 * 0.05 / DRAWS)
    assert ours.error.mean() == pytest.approx(
        ours.mean.std(), rel=STANDARD_ERRORS / math.sqrt(2 * DRAWS)
    )


@needs_lakes
def test_random_draws_are_as_uneven_as_the_peer_s(
    lakes: pd.DataFrame, expected: dict[str, dict[str, dict[str, dict[str, float]]]]
) -> None:
    xy = lakes.loc[lakes["AP"].notna(), ["x", "y"]].to_numpy()
    none = np.zeros(1028, dtype=bool)
    balance, loss = random_draw_balance(
        xy, none.astype(int), np.array([250]), none, DRAWS, np.random.default_rng(1)
    )
    peer = (
        pd.read_csv(FOLDER / "peer_BalancedSampling_mc.csv")
        .set_index(["var", "design"])
        .loc[("AP", "srs")]
    )
    error = math.hypot(balance.std() / math.sqrt(DRAWS), peer["seB"])
    assert abs(balance.mean() - peer["meanB"]) < STANDARD_ERRORS * error
    error = math.hypot(loss.std() / math.sqrt(DRAWS), peer["sePielou"])
    assert abs(loss.mean() - peer["meanPielou"]) < STANDARD_ERRORS * error
    published = expected["published"]["AP"]["pei_srs"]
    spread = STANDARD_ERRORS * loss.std() * math.sqrt(1 / DRAWS + 1 / 2_000)
    assert loss.mean() == pytest.approx(published, abs=spread)
