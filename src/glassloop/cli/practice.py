"""`glassloop practice`: predict, then run."""

from __future__ import annotations

import json
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from glassloop.cli.printing import Format
from glassloop.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from glassloop.lab.practice import Question, Stage, Verdict
    from glassloop.lab.practice.progress import Progress


class Kind(str, Enum):
    """The kinds of questions."""

    LINE = "line"
    OUTCOME = "outcome"
    NUMBER = "number"
    ORDER = "order"
    LOADER = "loader"


def practice(
    name: Annotated[str | None, typer.Option("--question", metavar="ID", help="This question; alone, shows it.")] = None,
    answer: Annotated[str | None, typer.Option("--answer", help="The answer to --question.")] = None,
    show_list: Annotated[bool, typer.Option("--list", help="List the questions, and which you have answered.")] = False,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only this kind of question.")] = None,
    level: Annotated[int | None, typer.Option("--level", min=1, max=5, help="Only this level, 1 (easy) to 5.")] = None,
    format: Annotated[Format, typer.Option("--format", help="text for people, json for scripts.")] = Format.TEXT,
) -> None:
    """Predict what a training loop does, then see it run: the run decides whether you are right.

    Which line is wrong, what will happen, order these lines, wire up a DataLoader; easy to hard. Progress is kept.
    Exit code with --answer: 0 right, 1 wrong, 2 the answer cannot be read.

    Example: glassloop practice
    Example: glassloop practice --question number-gradients-add --answer 4
    """
    from glassloop.lab.practice import Stage, all_questions, by_id, progress

    if answer is not None and name is None:
        raise UserError("--answer needs --question ID; `glassloop practice --list` shows the ids")
    kept = progress.load()
    if kept.note:
        print(f"note: {kept.note}", file=sys.stderr)
    chosen = [by_id(name)] if name else [q for q in all_questions() if _wanted(q, kind, level)]
    if show_list:
        _print_list(chosen, kept, format)
    elif answer is not None:
        raise typer.Exit(0 if _answer(chosen[0], answer, Stage(), kept, format) else 1)
    elif name is None and sys.stdin.isatty() and sys.stdout.isatty() and format is Format.TEXT:
        _session(chosen, kept)
    else:
        _print_question(_next(chosen, kept), format)


def _wanted(question: Question, kind: Kind | None, level: int | None) -> bool:
    return (kind is None or question.kind == kind.value) and (level is None or question.level == level)


def _next(questions: list[Question], kept: Progress) -> Question:
    if not questions:
        raise UserError("no question is of this kind and level; `glassloop practice --list` shows all")
    return next((question for question in questions if not kept.has(question.id)), questions[0])


def _print_list(questions: list[Question], kept: Progress, format: Format) -> None:
    if format is Format.JSON:
        rows = [{**q.as_json(), "answered": kept.has(q.id), "tries": kept.tries(q.id)} for q in questions]
        print(json.dumps(rows, indent=2))
        return
    width = max((len(q.id) for q in questions), default=0)
    for question in questions:
        mark = "right" if kept.has(question.id) else f"{kept.tries(question.id)} tried" if kept.tries(question.id) else ""
        print(f"{question.level}  {question.kind:<8} {question.id:<{width}}  {mark}".rstrip())
    print(_score(questions, kept))


def _score(questions: list[Question], kept: Progress) -> str:
    return f"{sum(kept.has(q.id) for q in questions)} of {len(questions)} answered rightly"


def _print_question(question: Question, format: Format) -> None:
    """The question for a pipe: as text or JSON, with how to answer it."""
    if format is Format.JSON:
        print(json.dumps(question.as_json(), indent=2))
        return
    print(_text_of(question))
    print(f"\nAnswer with:  glassloop practice --question {question.id} --answer '...'   ({question.form})")


def _text_of(question: Question) -> str:
    from glassloop.lab.practice.scripts import numbered

    parts = [f"{question.id}  (level {question.level} of 5)", question.ask, numbered(question.code)]
    parts += ["\n".join(_choice(name, means) for name, means in question.choices)] if question.choices else []
    return "\n\n".join(parts)


def _choice(name: str, means: str) -> str:
    first, *others = means.splitlines()
    return "\n".join([f"  {name:<8} {first}", *(f"  {'':<8} {line}" for line in others)])


def _answer(question: Question, answer: str, stage: Stage, kept: Progress, format: Format) -> bool:
    """Judges an answer given on the command line, prints the verdict and keeps it."""
    from rich.console import Console

    with Console(stderr=True).status("running it ..."):  # shows nothing where stderr is no terminal
        verdict = question.judge(answer, stage)
    _keep(question, verdict, kept)
    if format is Format.JSON:
        print(json.dumps(_verdict_json(question, answer, verdict)))
        return verdict.right
    print(f"{'right' if verdict.right else 'wrong'}. {verdict.why}")
    for page in pages(question):
        print(f"\n{page}")
    return verdict.right


def _verdict_json(question: Question, answer: str, verdict: Verdict) -> dict[str, object]:
    return {
        "id": question.id,
        "answer": answer,
        "right": verdict.right,
        "why": verdict.why,
        "evidence": verdict.evidence,
        "about": list(question.about),
    }


def _keep(question: Question, verdict: Verdict, kept: Progress) -> None:
    try:
        kept.add(question.id, verdict.right)
    except OSError as error:
        print(f"note: progress is not kept: {kept.path}: {error.strerror}", file=sys.stderr)


def pages(question: Question) -> list[str]:
    """What `explain` says of the rules and events that the question is about; a rule that does not exist yet is left out."""
    from glassloop.cli.explain import page_of

    return [page for page in (page_of(name, examples=False) for name in question.about) if page]


def _session(questions: list[Question], kept: Progress) -> None:
    """Question after question on a terminal, those not yet answered first come first."""
    from rich.console import Console

    from glassloop.lab.practice import Stage

    stage, console = Stage(), Console(highlight=False)
    stage.warm()  # while the first question is read
    _next(questions, kept)  # says so where there is none
    open_ones = [q for q in questions if not kept.has(q.id)] or questions
    console.print(f"{_score(questions, kept)}. Answer, or: [bold]?[/bold] explain, Enter to skip, [bold]q[/bold] to leave.")
    for question in open_ones:
        _show(question, console)
        if not _ask(question, stage, kept, console):
            break
    console.print(f"\n{_score(questions, kept)}. Kept in {kept.path}")


def _show(question: Question, console: Console) -> None:
    from rich.panel import Panel
    from rich.syntax import Syntax
    from rich.text import Text

    console.print()
    console.rule(f"[bold]{question.id}[/bold]  level {question.level} of 5", align="left")
    console.print(Text(question.ask), "")
    code = Syntax(question.code.rstrip(), "python", line_numbers=True, theme="ansi_dark", background_color="default")
    console.print(Panel(code, border_style="dim"))
    for name, means in question.choices:
        console.print(Text(_choice(name, means)))


def _ask(question: Question, stage: Stage, kept: Progress, console: Console) -> bool:
    """One question until it is answered or skipped; False where the person leaves."""
    from rich.text import Text

    while True:
        try:
            answer = console.input(f"[bold]> [/bold][dim]({question.form})[/dim] ").strip()
        except (EOFError, KeyboardInterrupt):
            return False
        if answer in ("", "q"):
            return answer == ""
        if answer == "?":
            print("\n\n".join(pages(question)))
            continue
        try:
            with console.status("running it ..."):
                verdict = question.judge(answer, stage)
        except UserError as error:
            console.print(Text(str(error), "yellow"))
            continue
        _keep(question, verdict, kept)
        word, colour = ("right", "bold green") if verdict.right else ("wrong", "bold red")
        console.print(Text.assemble((word, colour), f". {verdict.why}"))
        console.print(Text("? explains it; `glassloop explain " + question.about[0] + "` is the page.", "dim"))
        if verdict.right:
            return True
