"""The quick way to read CSV gives what the slow way gives, and leaves to it whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.messages import DataError
from etl import extract, validate
from etl.extract import _Utf8, read_file
from etl.recipe import Dataset

RNG = np.random.default_rng(42)
LETTERS = [*"0aZ,.-é㐀镕〇一丁龥齄𠀀😀，。", "路段", "\u3000", "\u00b7"]
HEADER = "编号,问题\n"


def dataset(encoding: str) -> Dataset:
    return Dataset(
        files=["a.csv"],
        format="csv",
        encoding=encoding,
        columns={"issue_id": "编号", "category": "问题"},
    )


def some_text(encoding: str, rows: int, *, quotes: bool) -> str:
    letters = [c for c in LETTERS if c != "," and c.encode(encoding, "ignore").decode(encoding) == c]
    cells = ["".join(RNG.choice(letters, RNG.integers(0, 9))) for _ in range(2 * rows)]
    if quotes:
        cells = [f'"{cell},\n"' if n % 7 == 3 else cell for n, cell in enumerate(cells)]
    return HEADER + "".join(f"x{a},{b}\n" if '"' not in a else f"{a},{b}\n" for a, b in
                            zip(cells[::2], cells[1::2], strict=True))  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gbk", "gb2312"])
@pytest.mark.parametrize("quotes", [False, True])
@pytest.mark.parametrize("piece", [1, 50, 1 << 18])
def test_both_ways_give_the_same_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, piece: int, *, quotes: bool
) -> None:
    monkeypatch.setattr(extract, "PIECE", piece)
    path = tmp_path / "a.csv"
    path.write_bytes(some_text(encoding, 500, quotes=quotes).encode(encoding))
    quick = read_file(path, dataset(encoding), "a.csv")
    monkeypatch.setattr(extract, "_parse_sound_csv", lambda *_: None)
    slow = read_file(path, dataset(encoding), "a.csv")
    assert quick.rows_read == slow.rows_read == 500
    assert quick.source.equals(slow.source)
    assert (quick.source.dtypes == slow.source.dtypes).all()
    assert quick.source.index.equals(slow.source.index)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gbk"])
def test_a_wrong_byte_is_named_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setattr(extract, "PIECE", 20)
    good = (HEADER + "a,路\n" * 40).encode(encoding)
    path = tmp_path / "a.csv"
    path.write_bytes(good + b"b,\xff\n" + good)
    with pytest.raises(DataError) as caught:
        read_file(path, dataset(encoding), "a.csv")
    assert caught.value.code == "wrong_encoding"
    assert caught.value.facts["position"] == len(good) + 2
    assert caught.value.facts["byte"] == "0xff"


def test_a_bad_line_is_named_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes((HEADER + "a,路\n" * 9 + "b,路,多\n" + "c,路\n").encode("gbk"))
    raw = read_file(path, dataset("gbk"), "a.csv")
    assert list(raw.malformed) == [11]
    assert raw.source.index.tolist() == [*range(2, 11), 12]


@pytest.mark.parametrize("size", [1, 7, 64, 10_000, -1])
def test_a_stream_never_gives_more_than_was_asked(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(extract, "PIECE", 30)
    text = some_text("gb18030", 100, quotes=False)
    stream, read = _Utf8(text.encode("gb18030"), "gb18030"), []
    while piece := stream.read(size):
        assert size < 0 or len(piece) <= size
        read.append(piece)
    assert b"".join(read).decode() == text


@pytest.mark.parametrize("encoding", extract.KEEPS_ASCII)
def test_no_character_has_a_byte_that_csv_knows(encoding: str) -> None:
    marks = set(b'\0"\r\n')
    for code in range(0x80, 0x30000):
        if 0xD800 <= code < 0xE000:
            continue
        assert not marks & set(chr(code).encode(encoding, "ignore"))


def test_gbk_is_gb18030_wherever_it_decodes() -> None:
    for pair in (bytes([a, b]) for a in range(256) for b in range(256)):
        try:
            as_gbk = pair.decode("gbk")
        except UnicodeDecodeError:
            continue
        assert as_gbk == pair.decode("gb18030")


def test_plain_numbers_are_those_of_pandas() -> None:
    text = pd.Series([f"{x:.{n % 17}f}" for n, x in enumerate(RNG.uniform(-200, 200, 20_000))])
    text = pd.concat([text, pd.Series(["", "1e3", "-0", "007", ".5", "5."])]).reset_index(drop=True)
    text = text.mask(text == "").astype("string[pyarrow]")
    quick = validate._plain_numbers(text)
    assert quick is not None
    pd.testing.assert_series_equal(quick, pd.to_numeric(text).astype("float64"), check_exact=True)
    for odd in ("abc", "inf", "nan", "107°54'30\"", "1e999"):
        assert validate._plain_numbers(pd.Series(["1", odd], dtype="string[pyarrow]")) is None
