"""Files to save: there as long as the page that offers them, whatever else the server does."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.save import saved_file


def offering() -> None:
    """A page that offers files."""
    import streamlit as st

    from data.messages import DataError
    from pages.ui.save import forget_offered, save_button

    def refuse() -> bytes:
        raise DataError("entry_value", value="x7")

    if st.button("另一页"):
        forget_offered()
        return
    text = st.text_input("备注", "旧")
    save_button("备注", text.encode, f"备注 {text}.txt", "笔/记")
    save_button("拒绝", refuse, "a.xlsx", "refused")
    save_button("出错", lambda: str(1 / 0).encode(), "b.xlsx", "broken")
    save_button("没有了", lambda: None, "c.xlsx", "gone")


def address(app: AppTest, label: str) -> tuple[str, str]:
    """Token and key of the button."""
    url = next(one.proto.url for one in app.get("link_button") if one.proto.label == label)
    token, key = url.removeprefix("/save/").split("/")
    return token, unquote(key)


def test_a_button_saves_what_the_page_says_now() -> None:
    app = AppTest.from_function(offering).run()
    pressed = address(app, "备注")
    assert saved_file(*pressed)[:2] == (200, "旧".encode())
    app.text_input[0].set_value("新").run()
    status, body, headers = saved_file(*pressed)  # pressed before, answered after the run
    assert (status, body) == (200, "新".encode())
    assert unquote(headers["Content-Disposition"]).endswith("备注 新.txt")
    assert address(app, "备注") == pressed


def test_two_windows_do_not_share() -> None:
    one, two = AppTest.from_function(offering).run(), AppTest.from_function(offering).run()
    two.text_input[0].set_value("乙").run()
    assert saved_file(*address(one, "备注"))[1] == "旧".encode()
    assert saved_file(*address(two, "备注"))[1] == "乙".encode()


@pytest.mark.parametrize(
    ("label", "status", "words"),
    [("拒绝", 409, "7"), ("出错", 500, "服务器日志"), ("没有了", 404, "刷新")],
)
def test_why_there_is_no_file_is_said_in_chinese(label: str, status: int, words: str) -> None:
    app = AppTest.from_function(offering).run()
    answer = saved_file(*address(app, label))
    assert answer[0] == status
    assert words in answer[1].decode()
    assert "Content-Disposition" not in answer[2]


def test_what_a_left_page_or_a_closed_window_offered_is_gone() -> None:
    app = AppTest.from_function(offering).run()
    pressed = address(app, "备注")
    app.button[0].click().run()
    assert saved_file(*pressed)[0] == 404
    assert saved_file("not-a-token", "笔/记")[0] == 404
