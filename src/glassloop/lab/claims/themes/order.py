"""Claims about the order of the lines within an iteration, and about gradients that are never cleared."""

from __future__ import annotations

from glassloop.lab.claims import Figure, Here, Outcome, claim


@claim(
    "c02",
    says="zero_grad placed after backward lets the gradients of several batches add up",
    source="the essay",
    published={"between backward and step, SGD": False, "between backward and step, AdamW": False, "after the step": False},
    because="""
    Between backward and step it leaves nothing to step with: {empty_steps} of {steps} steps found no gradient, and the
    weights stayed bit-equal to the initial ones. Nothing learns, and nothing adds up. After the step it is right.
    Adding up comes from never clearing: there {wrong_steps} of {steps} steps used something else than their batch's
    gradients, and the norm at the step reached {largest_norm:.1f} ({right_norm:.1f} where cleared; spiral, AdamW 1e-2).
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
    Where the gradients have been cleared since the last step, a clip before backward finds nothing to clip: the final
    weights are bit-equal to those of the loop without a clip, so it is a silent no-op. Where nothing clears them it
    rescales what earlier batches left: the weights end {difference:.2g} (largest entry) away. Spiral, {optimizers} over
    {epochs} epochs.
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
    Bit-equal to the loop without a clip as long as the gradients are cleared before the next backward. Never cleared,
    the clipped remains go into the next update: the weights end {difference:.2g} (largest entry) away. Spiral,
    {optimizers} over {epochs} epochs.
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


@claim(
    "c09",
    says="Gradients that are never cleared make updates wrong and training worse",
    source="the essay, the article, the loop post, the chapter",
    published={
        "the updates, at every setting": True,
        "the result, SGD 0.1": True,
        "the result, AdamW 1e-2": True,
        "the result, AdamW 1e-3": True,
        "the result, SGD 0.01": False,
    },
    because="""
    Every step after the first used more than its batch's gradients ({wrong_share:.0%} of the steps, at every setting):
    the update is always wrong. The result depends. Validation accuracy on the spiral after {epochs} epochs, least and
    most of {seeds} seeds, with clearing then without: SGD 0.1 {sgd_0_1_with} then {sgd_0_1_without} (0.33 is chance);
    AdamW 1e-2 {adamw_1e2_with} then {adamw_1e2_without}; AdamW 1e-3 {adamw_1e3_with} then {adamw_1e3_without}; SGD 0.01
    {sgd_0_01_with} then {sgd_0_01_without}: with a rate that is too small the growing sum acts as momentum and helps.
    It depends on when one looks, too: SGD 0.1 after 12 epochs {early_with} then {early_without}. A good score does not
    show that gradients are cleared.
    """,
)
def c09(here: Here) -> Outcome:
    """Accuracy and wrong updates with and without clearing, two optimizers at two rates each."""
    from glassloop.lab.claims.material import accuracy, train

    seeds, epochs = range(5 if here.full else 1), 30 if here.full else 12
    settings = [("AdamW 1e-2", "adamw", 1e-2, epochs), ("SGD 0.01", "sgd", 0.01, epochs)]
    if here.full:
        settings += [("AdamW 1e-3", "adamw", 1e-3, epochs), ("SGD 0.1", "sgd", 0.1, epochs), ("early", "sgd", 0.1, 12)]
    cases: dict[str, bool] = {}
    figures: dict[str, Figure] = {"seeds": len(seeds), "epochs": epochs}
    shares = []
    for label, optimizer, lr, epochs in settings:
        reached: dict[str, list[float]] = {}
        for name, order in (("with", "zero forward backward step"), ("without", "forward backward step")):
            runs = [train(order, seed=seed, epochs=epochs, optimizer=optimizer, lr=lr) for seed in seeds]
            reached[name] = [accuracy(run.model, seed) for run, seed in zip(runs, seeds, strict=True)]
            short = label.lower().replace(" ", "_").replace(".", "_").replace("-", "")
            figures[f"{short}_{name}"] = f"{min(reached[name]):.2f} to {max(reached[name]):.2f}"
            if name == "without":
                shares += [run.wrong / (len(run.norms) - 1) for run in runs]
        if label != "early":
            cases[f"the result, {label}"] = sum(reached["without"]) < sum(reached["with"])
    cases["the updates, at every setting"] = min(shares) > 0.9
    return Outcome(cases, {**figures, "wrong_share": min(shares)})


@claim(
    "c29",
    says="zero_grad before the forward, before the backward and after the step train the same model",
    source="the loop post",
    published={"SGD": True, "AdamW": True},
    because="""
    The final weights are bit-equal for the three places ({epochs} epochs of the spiral). What differs is what others
    find: after the step, gradients cleared at once leave nothing to a logger or a checkpoint that reads them there
    ({left_after} of {parameters} parameters still have one; {left_before} where the next iteration clears).
    """,
)
def c29(here: Here) -> Outcome:
    """Three places, weights bit for bit, and the gradients that are left after the last step."""
    from glassloop.lab.claims.material import same, train

    epochs = 5 if here.full else 2
    orders = ("zero forward backward step", "forward zero backward step", "forward backward step zero")
    cases, left = {}, {}
    for name, optimizer, lr in (("SGD", "sgd", 0.1), ("AdamW", "adamw", 1e-2)):
        runs = [train(order, epochs=epochs, optimizer=optimizer, lr=lr) for order in orders]
        cases[name] = all(same(run.end, runs[0].end) and not run.wrong for run in runs)
        left = {
            order: sum(p.grad is not None for p in run.model.parameters()) for order, run in zip(orders, runs, strict=True)
        }
    parameters = sum(1 for _ in runs[0].model.parameters())
    figures = {"left_after": left[orders[2]], "left_before": left[orders[0]], "parameters": parameters, "epochs": epochs}
    return Outcome(cases, figures)
