"""Gives every variable of a case a name that says nothing, and leaves the lines where they are.

Renaming must change no finding. What is renamed: variables, parameters, functions, classes, and what is stored on self.
What keeps its name: imports, methods, class-body fields, keywords of calls, words that are strings too, names
inside f-strings (Python 3.11 gives them no position), and attributes that torch's own objects have.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize

TORCH_ATTRIBUTES = {"weight", "bias", "grad", "data", "training", "param_groups", "state", "loss", "logits", "dataset"}


def renamed(text: str) -> str:
    """The same program, line by line, with other names. Raises SyntaxError where the text does not parse."""
    tree = ast.parse(text)
    aliases = [a for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for a in node.names]
    imported = {(a.asname or a.name).split(".")[0] for a in aliases}
    variables, attributes = names(tree, imported)
    new = {name: f"v{number}" for number, name in enumerate(sorted(variables | attributes), start=1)}
    lines = text.splitlines(keepends=True)
    for token in reversed(list(tokenize.generate_tokens(io.StringIO(text).readline))):  # backwards: columns stay true
        if token.type != tokenize.NAME or token.line.startswith(("from ", "import ")):
            continue
        row, column = token.start
        line = lines[row - 1]
        owner = line[:column].rstrip()
        dotted = owner.endswith(".") and not owner.endswith("...")
        if dotted and re.split(r"\W", owner[:-1])[-1] in imported:
            continue  # torch.optim is not self.optim
        if token.string in (attributes if dotted else variables):
            lines[row - 1] = line[:column] + new[token.string] + line[column + len(token.string) :]
    return "".join(lines)


def names(tree: ast.Module, imported: set[str]) -> tuple[set[str], set[str]]:
    """The variables and the attributes of self that can be renamed throughout the file."""
    bound, stored, kept = set(), set(), {"self", "_"} | imported
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name):
                bound.add(name)
            case ast.ClassDef(name=name, body=body):
                bound.add(name)
                kept |= {n for statement in body for n in fields(statement)}
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                stored.add(name)
            case ast.keyword(arg=str(name)):
                kept.add(name)
            case ast.Constant(value=str(text)) if text.isidentifier():
                kept.add(text)  # a key that may come back as a keyword, or a name for getattr
            case ast.JoinedStr():
                kept |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
                kept |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
            case ast.Call(func=ast.Name(id="namedtuple")) | ast.Call(func=ast.Attribute(attr="namedtuple")):
                kept |= {field for a in node.args if isinstance(a, ast.Constant) for field in str(a.value).split()}
    return {n for n in bound - kept if not n.startswith("__")}, stored - kept - TORCH_ATTRIBUTES


def fields(statement: ast.stmt) -> set[str]:
    """Names that a statement of a class body gives to the class: methods, fields, constants."""
    if isinstance(statement, ast.FunctionDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {t.id for t in targets if isinstance(t, ast.Name)}
