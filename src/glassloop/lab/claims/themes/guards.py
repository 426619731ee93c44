"""What a test on a few samples catches, and what cross-entropy takes (c69, c70)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    pass

FAULTS = ("no step", "zero_grad after backward", "zero_grad missing", "clip before backward", "softmax before cross-entropy")


def _overfits(fault: str, optimizer: str) -> tuple[bool, float]:
    """Eight samples learned in 200 steps with the fault in the loop: all right?, and the last loss."""
    import torch
    import torch.nn.functional as F

    from glassloop.lab.claims.training import network

    torch.manual_seed(0)
    x, y = torch.randn(8, 10), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    model = network(10, 3)
    step = (
        torch.optim.SGD(model.parameters(), lr=0.1) if optimizer == "SGD" else torch.optim.AdamW(model.parameters(), lr=1e-2)
    )
    for _ in range(200):
        if fault not in ("zero_grad missing", "zero_grad after backward"):
            step.zero_grad()
        logits = model(x)
        loss = F.cross_entropy(logits.softmax(1) if fault.startswith("softmax") else logits, y)
        if fault.startswith("clip"):
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        loss.backward()  # type: ignore[no-untyped-call]  # torch gives it no types
        if fault == "zero_grad after backward":
            step.zero_grad()
        if fault != "no step":
            step.step()
    return bool((model(x).argmax(1) == y).all()), loss.item()


@claim(
    "c69",
    says="A test that overfits a few samples guards the loop",
    source="the chapter",
    published={
        "no step": True,
        "zero_grad after backward": True,
        "zero_grad missing": False,
        "clip before backward": False,
        "softmax before cross-entropy": False,
        "softmax before cross-entropy, if the test asks for a small loss": True,
    },
    because="""
    Eight samples, 200 steps, SGD 0.1 and AdamW 1e-2, the test asks for eight right answers. It fails, as it
    should, where nothing is learned. With gradients never cleared, a clip that does nothing, or a softmax too
    many, all eight come out right with at least one of the optimizers: it passes. Asking for a loss below 0.1
    catches the softmax, whose loss ends at {softmax_loss:.2f} (SGD).
    """,
)
def overfitting_guards(here: Here) -> Outcome:
    """Each fault injected into a loop on eight samples: a case holds where the test fails with both optimizers."""
    faults = FAULTS if here.full else ("no step", "clip before backward")
    runs = {fault: [_overfits(fault, name) for name in ("SGD", "AdamW")] for fault in ("", *faults)}
    assert all(right for right, _ in runs[""]), "the right loop passes"
    cases = {fault: not any(right for right, _ in runs[fault]) for fault in faults}
    figures: dict[str, Figure] = {}
    if here.full:
        softmax = runs["softmax before cross-entropy"]
        cases["softmax before cross-entropy, if the test asks for a small loss"] = all(loss > 0.1 for _, loss in softmax)
        figures["softmax_loss"] = softmax[0][1]
    figures["passed"] = [f"{fault}: {[right for right, _ in found]}" for fault, found in runs.items() if fault]
    return Outcome(cases, figures)


@claim(
    "c70",
    says="Cross-entropy takes logits and integer labels, nothing else",
    source="the chapter",
    published={
        "logits and integer labels": True,
        "log_softmax first": False,
        "softmax first, SGD 0.1 on digits": True,
        "softmax first, AdamW 1e-2 on the spiral": False,
        "probabilities as labels": False,
        "integer labels of another type (int32)": True,
    },
    because="""
    log_softmax first gives the same value (difference {same:.0e}): it is what the function does anyway. softmax
    first raises nothing and flattens the gradients: accuracy {digits_softmax:.2f} where logits give
    {digits:.2f} (digits, SGD 0.1, 20 epochs); AdamW undoes the flattening, {spiral_softmax:.3f} and
    {spiral:.3f} (spiral, 14 epochs), though the loss cannot fall below 0.55 then. Class probabilities are taken
    as labels, too; int32 labels raise {int32}.
    """,
)
def takes_logits_and_labels(here: Here) -> Outcome:
    """Other inputs and labels: the value, an error, or a worse run. A case holds where the other form does not serve."""
    import torch
    import torch.nn.functional as F

    from glassloop.lab.claims.material import batches, mlp, spiral
    from glassloop.lab.claims.training import digits, network, score

    logits, labels = torch.randn(32, 3) * 3, torch.randint(0, 3, (32,))
    right = F.cross_entropy(logits, labels)
    same = float((F.cross_entropy(logits.log_softmax(1), labels) - right).abs())
    one_hot = float((F.cross_entropy(logits, F.one_hot(labels, 3).float()) - right).abs())
    int32 = ""
    try:
        F.cross_entropy(logits, labels.int())
    except (RuntimeError, IndexError) as error:
        int32 = type(error).__name__

    def accuracy(task: str, softmax: bool) -> float:
        torch.manual_seed(0)
        model = mlp() if task == "spiral" else network(64, 10)
        data, held_out = (spiral(0), spiral(1000)) if task == "spiral" else digits()
        make, lr, epochs = (torch.optim.AdamW, 1e-2, 14) if task == "spiral" else (torch.optim.SGD, 0.1, 20)
        optimizer = make(model.parameters(), lr=lr)
        for epoch in range(epochs):
            for x, y in batches(*data, epoch):
                logits = model(x)
                loss = F.cross_entropy(logits.softmax(1) if softmax else logits, y)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]  # torch gives it no types
                optimizer.step()
        return score(model, held_out)[1]

    cases = {
        "logits and integer labels": bool(right > 0),
        "log_softmax first": same > 1e-5,
        "probabilities as labels": one_hot > 1e-5,
        "integer labels of another type (int32)": bool(int32),
    }
    figures: dict[str, Figure] = {"same": same, "int32": int32}
    if here.full:
        for task, case in (
            ("digits", "softmax first, SGD 0.1 on digits"),
            ("spiral", "softmax first, AdamW 1e-2 on the spiral"),
        ):
            plain, softmax = accuracy(task, False), accuracy(task, True)
            cases[case] = softmax < plain - 0.1
            figures |= {task: plain, f"{task}_softmax": softmax}
    return Outcome(cases, figures)
