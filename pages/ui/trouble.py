"""What a page says instead of its content when something is wrong: a sentence with what to do."""

from __future__ import annotations

import logging

import streamlit as st

from data.builds import NoBuildError
from data.messages import DataError
from pages.ui.text import plain

log = logging.getLogger(__name__)


def show_trouble(error: Exception) -> bool:
    """Say it in Chinese where the page, or the part of it that ran anew, would have gone on.

    What no page expected comes here from Streamlit (app.py), which logs it with its traceback; True
    keeps its own English words off the screen.
    """
    if isinstance(error, NoBuildError):
        log.warning("%s", error)
        st.title("还没有可用的数据")
        st.markdown(
            "还没有入库，或现有数据由另一版本的软件生成。可在“数据管理”页上传责任网格、新建一个县；"
            "或在服务器上运行 `python -m etl demo`（演示县）、`python -m etl build --source 数据源名`、"
            "`python -m etl remake 版本号`（由保存的原始文件重建）。"
        )
    elif isinstance(error, DataError):
        st.error(plain(error.zh))
    else:
        st.error(
            "系统出错，这一部分暂时不能显示，数据没有受影响。请刷新网页，或换一个时段、网格再试；"
            "仍然不行，请记下现在的时间，把服务器日志交给维护人员。"
        )
    return True
