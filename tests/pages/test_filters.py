"""The choices in the URL, without a page around them."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest


def number(default: int) -> None:
    import streamlit as st

    from pages.ui.filters import url_number

    st.text(url_number("几个", (1, 2000), default, "count"))


@pytest.mark.parametrize(("asked", "shown"), [(3000, "2000"), (0, "1"), (50, "50")])
def test_a_default_beyond_its_limits_is_the_nearest_of_them(asked: int, shown: str) -> None:
    app = AppTest.from_function(number, args=(asked,)).run()
    assert not app.exception
    assert [one.value for one in app.text] == [shown]
    app.number_input[0].set_value(7).run()
    assert app.text[0].value == "7"
