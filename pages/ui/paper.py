"""A page to print, A4: one of its own that prints itself, for Streamlit's screens scroll in a box."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

STYLE = """
@page {size: A4 portrait; margin: 12mm}
* {box-sizing: border-box}
body {font: 9.5pt/1.4 "Microsoft YaHei", "Noto Sans CJK SC", "PingFang SC", sans-serif; color: #000;
  background: #fff; max-width: 186mm; margin: 0 auto}
h1 {font-size: 16pt; margin: 0 0 1mm} h2 {font-size: 11pt; margin: 4mm 0 1mm; break-after: avoid}
table {border-collapse: collapse; width: 100%; table-layout: fixed}
thead {display: table-header-group} tr {break-inside: avoid}
th, td {border: .2mm solid #777; text-align: left; padding: .6mm 1mm; overflow-wrap: anywhere}
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


def paper_table(
    rows: Iterable[Iterable[str]], heads: Mapping[str, int] | Iterable[str], kind: str = ""
) -> str:
    """A table whose headings stand on every page; heads: perhaps with widths in %."""
    widths = heads if isinstance(heads, Mapping) else {}
    styles = {name: f' style="width:{share}%"' for name, share in widths.items()}
    head = "".join(f"<th{styles.get(name, '')}>{escape(name)}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in rows)
    top = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f'<table class="{kind}">{top}<tbody>{body}</tbody></table>'
