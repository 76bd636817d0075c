"""Many people looking at once: raw sessions that change the filter, think, and change it again.

Each session is a websocket as the browser opens it; pages are run whole, nothing is drawn. A rerun is
timed from the message that asks for it to the one that says the script has finished.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

QUERIES = ("period=30d", "period=90d", "period=365d", "period=90d&category=乱停乱放")
BIGGEST = 64 * 2**20


@dataclass(frozen=True)
class Rerun:
    """What a rerun costs: CPU seconds of the server, bytes on the wire."""

    cpu_s: float
    wire_bytes: float


@dataclass(frozen=True)
class Load:
    """What `sessions` people saw: seconds of each rerun after the first, and its bytes on the wire."""

    sessions: int
    p50_s: float
    p95_s: float
    reruns: int
    median_bytes: float


class Counted(ClientConnection):
    """A connection that counts what comes in over the wire, compressed as a browser gets it."""

    received = 0

    def data_received(self, data: bytes) -> None:
        """Count, then go on."""
        self.received += len(data)
        super().data_received(data)


def _open(address: str) -> connect:
    url = address.replace("http", "ws", 1) + "/_stcore/stream"
    return connect(url, subprotocols=["streamlit"], max_size=BIGGEST, create_connection=Counted)  # type: ignore[list-item]


def rerun_often(address: str, page: str, query: str, times: int, used_s: Callable[[], float]) -> Rerun:
    """One session on one page: it is run once, then measured over so many reruns.

    used_s  CPU seconds that the server has used so far.
    """
    return asyncio.run(_rerun_often(address, page, query, times, used_s))


async def _rerun_often(
    address: str, page: str, query: str, times: int, used_s: Callable[[], float]
) -> Rerun:
    async with _open(address) as socket:
        await _rerun(socket, page, query)
        await asyncio.sleep(0.2)  # garbage is collected after the answer
        before = used_s()
        sizes = [await _rerun(socket, page, query) for _ in range(times)]
        await asyncio.sleep(0.2)
        return Rerun((used_s() - before) / times, statistics.median(sizes))


def watch(address: str, page: str, sessions: int, think_s: float, minutes: float) -> Load:
    """`sessions` people on one page for so long, each thinking `think_s` between two choices."""
    return asyncio.run(_watch(address, page, sessions, think_s, 60 * minutes))


async def _watch(address: str, page: str, sessions: int, think_s: float, lasts_s: float) -> Load:
    took: list[float] = []
    sizes: list[int] = []
    until = time.perf_counter() + lasts_s
    people = (_person(address, page, think_s, until, took, sizes, n) for n in range(sessions))
    await asyncio.gather(*people)
    ninety_fifth = statistics.quantiles(took, n=20)[-1]
    return Load(sessions, statistics.median(took), ninety_fifth, len(took), statistics.median(sizes))


async def _person(
    address: str,
    page: str,
    think_s: float,
    until: float,
    took: list[float],
    sizes: list[int],
    number: int,
) -> None:
    dice = random.Random(number)
    async with _open(address) as socket:
        await _rerun(socket, page, QUERIES[0])
        for query in itertools.cycle(QUERIES[number % 4 :] + QUERIES[: number % 4]):
            await asyncio.sleep(dice.uniform(0.5, 1.5) * think_s)
            if time.perf_counter() > until:
                return
            began = time.perf_counter()
            sizes.append(await _rerun(socket, page, query))
            took.append(time.perf_counter() - began)


async def _rerun(socket: Any, page: str, query: str) -> int:
    """Ask for a run of the page; returns the bytes that came until it had finished."""
    ask = BackMsg()
    ask.rerun_script.query_string = query
    ask.rerun_script.page_name = page
    before = socket.received
    await socket.send(ask.SerializeToString())
    while True:
        data = await socket.recv()
        answer = ForwardMsg()
        answer.ParseFromString(data if isinstance(data, bytes) else data.encode())
        if answer.WhichOneof("type") == "script_finished":
            return int(socket.received - before)
