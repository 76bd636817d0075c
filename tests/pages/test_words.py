"""Every code that the data can say has words on the pages, and there are no words for other codes."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Iterator
from types import ModuleType
from typing import get_args

import pytest

from data.views import choose, draw, mock_check, plan_review, rehearsal, site_risk, standard_checks
from pages.ui.draw_result import NOTICES
from pages.ui.plan_words import CAUTIONS
from pages.ui.rehearse_words import NOTES
from pages.ui.sample_mock_check import VERDICTS
from pages.ui.sites import REASONS
from pages.ui.standard_words import ADVICE, REMEDIES
from pages.ui.standard_words import VERDICTS as CONCLUSIONS


def assigned(name: str, function: ast.FunctionDef) -> Iterator[ast.expr]:
    """What a function lets that variable be, one of several at once included."""
    for one in ast.walk(function):
        if isinstance(one, ast.Assign | ast.NamedExpr):
            for target in one.targets if isinstance(one, ast.Assign) else [one.target]:
                pairs = [(target, one.value)]
                if isinstance(target, ast.Tuple) and isinstance(one.value, ast.Tuple):
                    pairs = list(zip(target.elts, one.value.elts, strict=True))
                yield from (value for to, value in pairs if ast.unparse(to) == name)


def codes_made(module: ModuleType, maker: str, place: int) -> set[str]:
    """What the module may hand over as that argument of a call; through its variables and functions."""
    functions = {
        node.name: node
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.FunctionDef)
    }

    def handed(name: str, at: int) -> set[str]:
        return {
            code
            for function in functions.values()
            for call in ast.walk(function)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == name
            for code in said(call.args[at], function)
        }

    def said(node: ast.expr, function: ast.FunctionDef) -> set[str]:
        match node:
            case ast.Constant(value=str(code)):
                return {code} - {""}
            case ast.IfExp(body=one, orelse=other):
                return said(one, function) | said(other, function)
            case ast.Call(func=ast.Name(id=name)) if name in functions:
                made = functions[name]
                ends = [one for one in ast.walk(made) if isinstance(one, ast.Return) and one.value]
                return {code for one in ends for code in said(one.value, made)}  # type: ignore[arg-type]
            case ast.Name(id=name):
                names = [argument.arg for argument in function.args.args]
                if name in names:
                    return handed(function.name, names.index(name))
                values = list(assigned(name, function))
                assert values, f"nobody says what {name} is in {function.name}"
                return {code for value in values for code in said(value, function)}
        pytest.fail(f"cannot tell what {ast.unparse(node)} may be in {function.name}")

    return handed(maker, place)


@pytest.mark.parametrize(
    ("words", "module", "maker", "place"),
    [
        (CAUTIONS, plan_review, "Caution", 0),
        (NOTICES, draw, "Note", 0),
        (NOTES, rehearsal, "Note", 0),
        (REMEDIES, standard_checks, "Fault", 3),
        (CONCLUSIONS, standard_checks, "Finding", 5),
        (ADVICE, standard_checks, "Finding", 5),
    ],
)
def test_every_code_has_words(
    words: Collection[str], module: ModuleType, maker: str, place: int
) -> None:
    assert codes_made(module, maker, place) == set(words)


def test_every_reason_has_words() -> None:
    """Reasons are pairs, (code, value): whatever these functions write into a tuple."""
    makers = site_risk.reasons, site_risk._unseen, choose._reasons, plan_review.review
    pairs = [
        [part.value if isinstance(part, ast.Constant) else None for part in node.elts]
        for maker in makers
        for node in ast.walk(ast.parse(inspect.getsource(maker)))
        if isinstance(node, ast.Tuple)
    ]
    codes = {
        part
        for pair in pairs
        for part in pair
        if isinstance(part, str) and not all(isinstance(one, str) for one in pair)
    }
    assert codes == set(REASONS)


def test_every_verdict_has_words() -> None:
    assert set(get_args(mock_check.Verdict)) == set(VERDICTS)
