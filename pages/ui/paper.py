"""A page to print, A4: one of its own that prints itself, for Streamlit's screens scroll in a box."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

import pandas as pd

STYLE = """
@page {size: A4 portrait; margin: 12mm}
* {box-sizing: border-box}
body {font: 9.5pt/1.4 "Microsoft YaHei", "Noto Sans CJK SC", "PingFang SC", sans-serif; color: #000;
  background: #fff; max-width: 186mm; margin: 0 auto}
h1 {font-size: 16pt; margin: 0 0 1mm} h2 {font-size: 11pt; margin: 4mm 0 1mm; break-after: avoid}
table {border-collapse: collapse; width: 100%; table-layout: fixed}
thead {display: table-header-group} tr {break-inside: avoid}
th, td {border: .2mm solid #777; text-align: left; padding: .6mm 1mm; overflow-wrap: anywhere}
dl {display: grid; grid-template-columns: 38mm 1fr; margin: 1mm 0} dt, dd {margin: 0}
p {margin: 1mm 0} footer {margin-top: 4mm; border-top: .3mm solid #000; font-size: 8pt}
button {font-size: 12pt; margin: 4mm 0; min-height: 44px} @media print {button {display: none}}
"""


def paper(title: str, body: str, note: str, style: str = "") -> bytes:
    """The page: a title, what it says as HTML, a note at its foot; style: what it has of its own."""
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}{style}</style></head><body>'
        f'<button onclick="print()">打印</button><h1>{escape(title)}</h1>{body}'
        f"<footer>{escape(note)}</footer>"
        "<script>addEventListener('load', () => print())</script></body></html>"
    ).encode()


def paper_table(frame: pd.DataFrame, widths: Mapping[str, int] | None = None, kind: str = "") -> str:
    """A table whose headings stand on every page; widths in % by heading, kind: its class of style."""
    styles = {name: f' style="width:{share}%"' for name, share in (widths or {}).items()}
    head = "".join(f"<th{styles.get(name, '')}>{escape(str(name))}</th>" for name in frame.columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_text(value))}</td>' for value in row)}</tr>"
        for row in frame.itertuples(index=False)
    )
    return f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def paper_facts(facts: Iterable[tuple[str, str]]) -> str:
    """What a paper is of, in two columns."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(said)}</dd>" for name, said in facts)
    return f"<dl>{rows}</dl>"


def _text(value: object) -> str:
    if value is None or pd.isna(value):
        return ""
    return f"{value:.0f}" if isinstance(value, float) else str(value)
