"""Coordinates in degrees, minutes and seconds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.validate import degrees


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("107.8985", 107.8985),
        ("107°54'30\"", 107 + 54 / 60 + 30 / 3600),
        ("107°54′30.6″E", 107 + 54 / 60 + 30.6 / 3600),
        ("N34°24.5′", 34 + 24.5 / 60),
        ("东经107度54分30秒", 107 + 54 / 60 + 30 / 3600),
        ("34°24'S", -(34 + 24 / 60)),
        ("111度", np.nan),  # no minutes: 100 km of doubt is no place
        ("约107", np.nan),
        ("", np.nan),
    ],
)
def test_shapes(text: str, expected: float) -> None:
    found = degrees(pd.Series([text or pd.NA], dtype=pd.StringDtype("pyarrow")))
    np.testing.assert_allclose(found, [expected])


@given(st.integers(0, 179), st.integers(0, 59), st.integers(0, 5999))
def test_there_and_back(whole: int, minutes: int, centiseconds: int) -> None:
    seconds = centiseconds / 100
    text = f"{whole}°{minutes}′{seconds:.2f}″W"
    found = degrees(pd.Series([text], dtype=pd.StringDtype("pyarrow")))
    np.testing.assert_allclose(found, [-(whole + minutes / 60 + seconds / 3600)])
