"""Python as coloured HTML, line by line, in six classes that the page's own style sheet colours."""

from __future__ import annotations

from html import escape

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Literal, Name, Operator, String, Token, _TokenType

CLASSES = (
    (Keyword, "k"),
    (Operator.Word, "k"),
    (String, "s"),
    (Comment, "c"),
    (Name.Function, "n"),
    (Name.Class, "n"),
    (Name.Decorator, "m"),
    (Name.Builtin, "b"),
    (Literal.Number, "m"),
)


def highlighted(code: str) -> list[str]:
    """The lines of `code`, each as HTML that stands alone."""
    lines = [""]
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(code):
        name = _class(kind)
        for i, part in enumerate(text.split("\n")):
            if i:
                lines.append("")
            if part:
                lines[-1] += f'<span class="{name}">{escape(part)}</span>' if name else escape(part)
    return lines


def _class(kind: _TokenType) -> str:
    return next((name for of, name in CLASSES if kind in of), "") if kind is not Token.Text else ""
