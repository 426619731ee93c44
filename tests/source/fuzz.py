"""Scripts that nobody would write: right loops with parts swapped, doubled, dropped or put into odd places, by a seed.

Most of what comes out is still Python, so the reader goes deep into it; a share is broken at the level of bytes.
"""

from __future__ import annotations

import ast
import copy
import random
from pathlib import Path

from glassloop.rules import all_rules

CASES = Path(__file__).parents[1] / "cases"
ODD_EXPRESSIONS = [
    "10**400", "range(10**18)", "(x for x in iter(int, 1))", "lambda *a, **k: model", "[*model, *optimizer]", "not loss",
    "model[loss:None, ...]", "(model := optimizer)", "f'{loss!r:>{x}}'", "{**x, 'a': model}", "await model", "-model.x()",
    "model if loss else optimizer", "x @ y << 3", "'a' * 10**9", "model.a.b.c.d().e[0](1)(2)", "...", "(yield)", "x < y < 3",
    "__import__('torch')", "exec('loss.backward()')", "getattr(optimizer, 'step')()", "torch.zeros(10**6).sum().backward()",
    "(optimizer.step, model.train)[0]()", "optimizer.__class__.step(optimizer)", "{model: optimizer}[model].step()",
]  # fmt: skip
ODD_STATEMENTS = [
    "while True: optimizer.step()", "def f(): return f()", "class A(A): pass", "del model", "global model", "f = f",
    "for model in model: pass", "try:\n    x = 1 / 0\nexcept* ValueError:\n    pass", "raise loss", "import torch as torch",
    "with model as optimizer, loss: pass", "match loss:\n    case [a, *_] if a: pass\n    case {'b': c}: optimizer = c",
    "async def g():\n    async for x in model: await x", "optimizer, *model = model, optimizer", "model.train = model.eval",
    "def f(a, /, b=model, *c, d, **e): return f(b, *c, d=d, **e)", "f(model, d=1)", "@model\ndef h(): yield from h()",
    "list(h())", "type(model).forward = lambda s, x: s(x)", "model(model(model))", "model = model", "assert 0, loss",
    "for i in range(10):\n    for j in range(10):\n        for k in range(10): optimizer.step() if i % 7 else loss.x()",
    "from train import *", "nonlocal_ = [lambda: nonlocal_[0]()]", "nonlocal_[0]()", "x[:] = [x]",
    "optimizer.step = lambda: 0",
]  # fmt: skip


def seeds() -> list[str]:
    """Texts to begin with."""
    files = sorted(CASES.glob("*-*/*.py")) + sorted((CASES / "right").glob("*.py"))
    return [path.read_text(encoding="utf-8") for path in files] + [rule.bad for rule in all_rules()]


def mutant(text: str, random: random.Random) -> bytes:
    """One odd script, the same for the same state of `random`."""
    if random.random() < 0.1:
        data = bytearray(text.encode())
        for _ in range(random.randint(1, 6)):
            data[random.randrange(len(data))] = random.randrange(256)
        return bytes(data)
    tree = ast.parse(text)
    for _ in range(random.randint(1, 5)):
        random.choice((_swap_expressions, _odd_expression, _odd_statement, _move_statement, _drop, _double))(tree, random)
    try:
        return ast.unparse(ast.fix_missing_locations(tree)).encode()
    except (ValueError, RecursionError):
        return text.encode()


def _suites(tree: ast.AST) -> list[list[ast.stmt]]:
    return [
        suite for node in ast.walk(tree) for name in ("body", "orelse", "finalbody")
        if isinstance(suite := getattr(node, name, None), list) and suite
    ]  # fmt: skip


def _expressions(tree: ast.AST) -> list[tuple[ast.AST, str, ast.expr]]:
    return [
        (node, name, value)
        for node in ast.walk(tree) for name, value in ast.iter_fields(node)
        if isinstance(value, ast.expr) and not isinstance(getattr(value, "ctx", None), (ast.Store, ast.Del))
    ]  # fmt: skip


def _swap_expressions(tree: ast.AST, random: random.Random) -> None:
    (node, name, _), (_, _, other) = random.choice(_expressions(tree)), random.choice(_expressions(tree))
    setattr(node, name, copy.deepcopy(other))


def _odd_expression(tree: ast.AST, random: random.Random) -> None:
    node, name, _ = random.choice(_expressions(tree))
    setattr(node, name, ast.parse(random.choice(ODD_EXPRESSIONS), mode="eval").body)


def _odd_statement(tree: ast.AST, random: random.Random) -> None:
    suite = random.choice(_suites(tree))
    try:
        suite[random.randrange(len(suite) + 1) : 0] = ast.parse(random.choice(ODD_STATEMENTS)).body
    except SyntaxError:  # an older Python than the statement
        return


def _move_statement(tree: ast.AST, random: random.Random) -> None:
    suite, other = random.choice(_suites(tree)), random.choice(_suites(tree))
    other.insert(random.randrange(len(other) + 1), copy.deepcopy(random.choice(suite)))


def _drop(tree: ast.AST, random: random.Random) -> None:
    suite = random.choice(_suites(tree))
    suite[random.randrange(len(suite))] = ast.Pass()


def _double(tree: ast.AST, random: random.Random) -> None:
    suite = random.choice(_suites(tree))
    at = random.randrange(len(suite))
    suite.insert(at, copy.deepcopy(suite[at]))
