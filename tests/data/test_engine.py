"""An engine that died of a fatal error comes back by itself."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from data.builds import current_build_id, open_alone
from data.engine import DuckDBEngine, QueryError
from tests.conftest import County


def test_a_dead_engine_is_opened_anew(tiny_county: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    county: County = tiny_county()
    county.load()
    engine = open_alone(current_build_id(county.store), county.store)
    ask, dead = DuckDBEngine._ask, engine._connection

    def dying(self: DuckDBEngine, connection: Any, *args: Any) -> Any:
        if connection is dead:
            raise duckdb.FatalException
        return ask(self, connection, *args)

    with monkeypatch.context() as patch:
        patch.setattr(DuckDBEngine, "_ask", dying)
        assert len(engine.select("grids")) == 4
    assert len(engine.select("grids")) == 4
    with pytest.raises(duckdb.ConnectionException):
        dead.execute("select 1")
    engine.close()


def test_a_query_that_fails_says_which(tiny_county: Any) -> None:
    county: County = tiny_county()
    county.load()
    engine = open_alone(current_build_id(county.store), county.store)
    with pytest.raises(QueryError, match="lost on build tiny-"):
        engine.query("select * from nowhere", name="lost")
    engine.close()
