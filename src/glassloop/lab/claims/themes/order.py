"""Claims about the order of the lines within an iteration, and about gradients that are never cleared."""

from __future__ import annotations

from glassloop.lab.claims import Here, Outcome, claim


@claim(
    "c02",
    says="zero_grad placed after backward lets the gradients of several batches add up",
    source="the essay",
    published={"between backward and step, SGD": False, "between backward and step, AdamW": False, "after the step": False},
    because="""
    Between backward and step it leaves nothing to step with: {empty_steps} of {steps} steps found no gradient,
    and the weights stayed bit-equal to the initial ones. Nothing learns, and nothing adds up. After the step it
    is right. Adding up comes from never clearing: there {wrong_steps} of {steps} steps used something else than
    their batch's gradients, and the norm at the step reached {largest_norm:.1f} ({right_norm:.1f} where
    cleared; spiral, AdamW 1e-2).
    """,
)
def c02(here: Here) -> Outcome:
    """Count the steps whose gradients are none, the batch's own, or more."""
    from glassloop.lab.claims.material import same, train

    epochs = 5 if here.full else 2
    sgd = train("forward backward zero step", epochs=epochs, optimizer="sgd", lr=0.1)
    adamw = train("forward backward zero step", epochs=epochs)
    after = train("forward backward step zero", epochs=epochs)
    never = train("forward backward step", epochs=epochs)
    return Outcome(
        cases={
            "between backward and step, SGD": any(sgd.norms) or not same(sgd.start, sgd.end),
            "between backward and step, AdamW": any(adamw.norms) or not same(adamw.start, adamw.end),
            "after the step": after.wrong > 0,
        },
        figures={
            "steps": len(adamw.norms),
            "empty_steps": sum(norm == 0 for norm in adamw.norms),
            "wrong_steps": never.wrong,
            "largest_norm": max(never.norms),
            "right_norm": max(after.norms),
        },
    )


@claim(
    "c03",
    says="Clipping before backward does nothing",
    source="the essay",
    published={
        "cleared at the start of the iteration": True,
        "cleared between forward and backward": True,
        "cleared after the step": True,
        "never cleared": False,
    },
    because="""
    Where the gradients have been cleared since the last step, a clip before backward finds nothing to clip: the
    final weights are bit-equal to those of the loop without a clip, so it is a silent no-op. Where nothing
    clears them it rescales what earlier batches left: the weights end {difference:.2g} (largest entry) away.
    Spiral, {optimizers} over {epochs} epochs.
    """,
)
def c03(here: Here) -> Outcome:
    """Final weights with the clip before backward and without any clip, for each place of the clearing."""
    return _clip_places(
        here,
        {
            "cleared at the start of the iteration": ("zero forward clip backward step", "zero forward backward step"),
            "cleared between forward and backward": ("forward zero clip backward step", "forward zero backward step"),
            "cleared after the step": ("forward clip backward step zero", "forward backward step zero"),
            "never cleared": ("forward clip backward step", "forward backward step"),
        },
    )


@claim(
    "c04",
    says="Clipping after step does nothing",
    source="the essay",
    published={"cleared before the next backward": True, "cleared right after the clip": True, "never cleared": False},
    because="""
    Bit-equal to the loop without a clip as long as the gradients are cleared before the next backward. Never
    cleared, the clipped remains go into the next update: the weights end {difference:.2g} (largest entry) away.
    Spiral, {optimizers} over {epochs} epochs.
    """,
)
def c04(here: Here) -> Outcome:
    """As c03, with the clip after the step."""
    return _clip_places(
        here,
        {
            "cleared before the next backward": ("zero forward backward step clip", "zero forward backward step"),
            "cleared right after the clip": ("forward backward step clip zero", "forward backward step zero"),
            "never cleared": ("forward backward step clip", "forward backward step"),
        },
    )


def _clip_places(here: Here, pairs: dict[str, tuple[str, str]]) -> Outcome:
    """Whether each misplaced clip leaves the weights bit-equal to those of the same loop without it."""
    from glassloop.lab.claims.material import same, train

    epochs = 3 if here.full else 1
    cases, difference = {}, 0.0
    for name, (wrong, without) in pairs.items():
        equal = []
        for optimizer, lr in (("sgd", 0.1), ("adamw", 1e-2)):
            a, b = (train(order, epochs=epochs, optimizer=optimizer, lr=lr).end for order in (wrong, without))
            equal.append(same(a, b))
            difference = max(difference, float((a - b).abs().max()))
        cases[name] = all(equal)
    return Outcome(cases, {"difference": difference, "epochs": epochs, "optimizers": "SGD 0.1 and AdamW 1e-2"})
