"""Claims about whether an optimizer still holds the model's parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Here, Outcome, claim

if TYPE_CHECKING:
    from collections.abc import Callable


@claim(
    "c01",
    says="Moving or converting the model after the optimizer was made leaves the optimizer with the old parameters",
    source="the essay",
    published={
        ".half()": False,
        ".double()": False,
        ".to('cpu')": False,
        ".to('meta')": True,
        ".double() with overwrite_module_params_on_conversion": True,
        ".to('cuda')": None,
    },
    because="""
    By default torch puts the new data into the same Parameter object: the optimizer goes on holding it and its steps
    move the model. New parameters are made for a device that cannot share them ('meta') and where
    torch.__future__.set_overwrite_module_params_on_conversion(True) asks for it; then a step moves nothing in the
    model. Another failure is real, and not silent: after Adam has stepped, model.double() leaves its state in float32,
    and the next step {adam_says}.
    """,
)
def c01(here: Here) -> Outcome:
    """Parameter identities and the weights after a step, for each way to move or convert."""
    import torch

    moves: dict[str, Callable[[Any], Any]] = {
        ".half()": lambda model: model.half(),
        ".double()": lambda model: model.double(),
        ".to('cpu')": lambda model: model.to("cpu"),
        ".to('meta')": lambda model: model.to("meta"),
    }
    if here.cuda:
        moves[".to('cuda')"] = lambda model: model.to("cuda")
    cases = {name: _left_behind(move) for name, move in moves.items()}
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        cases[".double() with overwrite_module_params_on_conversion"] = _left_behind(moves[".double()"])
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(False)
    return Outcome(cases, {"adam_says": _adam_then_double()})


def _left_behind(move: Callable[[Any], Any]) -> bool:
    """Whether an optimizer made before `move` holds other parameters than the model and moves none of the model's."""
    import torch

    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    held = list(map(id, optimizer.param_groups[0]["params"]))
    model = move(model)
    if held != list(map(id, model.parameters())):
        return not _step_moves(model, optimizer)
    if not _step_moves(model, optimizer):
        raise RuntimeError("the optimizer holds the model's parameters, but its step did not move them")
    return False


def _step_moves(model: Any, optimizer: Any) -> bool:
    import torch

    if any(p.is_meta for p in model.parameters()):
        return False  # no values: a step has nothing to move
    before = [p.detach().clone() for p in model.parameters()]
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    return any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def _adam_then_double() -> str:
    import torch

    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    for convert in (model.float, model.double):
        convert()
        optimizer.zero_grad()
        x = torch.randn(4, 3, dtype=model.weight.dtype)
        model(x).sum().backward()
        try:
            optimizer.step()
        except RuntimeError:
            return "raises RuntimeError"
    return "raises nothing"
