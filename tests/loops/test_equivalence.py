"""What the production loop computes, against closed forms and against torch written out by hand.

The loop runs as it is shipped, in a process of its own, and keeps a checkpoint after each step: those are compared.
"""

import math
from functools import partial
from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, OneCycleLR, ReduceLROnPlateau, SequentialLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from glassloop.kit import checkpoint, seeding

from .harness import run
from .tiny import make_tiny, task_of

EVERY_STEP = ["--save-every", 1, "--keep", 99]

# Without batch-norm and dropout, because those see batches, not windows; in float64, so that rounding cannot hide an error.
PLAIN_64 = """
    def make_data():
        x, y = rows()
        return InMemory(x[:44].double(), y[:44]), InMemory(x[44:].double(), y[44:])

    def make_model():
        return nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3)).double()
"""

# A language model whose loss is a mean over tokens: rows of 2 to 9 tokens, the padding not counted.
TOKENS_64 = """
    def make_data():
        generator = torch.Generator().manual_seed(1)
        ids = torch.randint(11, (54, 10), generator=generator)
        lengths = torch.randint(2, 10, (54,), generator=generator)
        targets = ids[:, 1:].masked_fill(torch.arange(9) >= lengths[:, None], -100)
        return InMemory(ids[:44, :-1], targets[:44]), InMemory(ids[44:, :-1], targets[44:])

    def make_model():
        return nn.Sequential(nn.Embedding(11, 8), nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 11)).double()

    def loss(model, batch):
        outputs = model(batch[0])
        return F.cross_entropy(outputs.flatten(0, 1), batch[1].flatten(), ignore_index=-100), outputs

    def count(batch):
        return int((batch[1] != -100).sum())
"""


@pytest.fixture(autouse=True)
def as_in_the_harness():
    """One thread, because the number of threads changes the order of sums; and the generators left as they were."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with seeding.kept_rng():
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """`trained(replaced, flags…)`: the project and its checkpoints, one a step; the same run is done once."""
    done = {}

    def trained(replaced, *args):
        key = (replaced, *map(str, args))
        if key not in done:
            project = make_tiny(tmp_path_factory.mktemp("tiny") / "project", replaced)
            folder = project.parent / "run"
            ended = run(project, "--run-dir", folder, *EVERY_STEP, *args)
            assert ended.code == 0, ended
            done[key] = project, [checkpoint.load(path) for path in sorted(folder.glob("checkpoints/step-*"))]
        return done[key]

    return trained


def assert_close(found, expected, rel=1e-10):
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, rtol=rel, atol=1e-13, msg=lambda text, name=name: f"{name}: {text}")


def assert_same(found, expected):
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name


def gradients(steps):
    """The gradients that each step used, out of AdamW's first moment: m = 0.9 m + 0.1 g."""
    before, found = {}, []
    for step in steps:
        moments = {index: entry["exp_avg"] for index, entry in step.state["optimizer"]["state"].items()}
        found.append({index: (m - 0.9 * before.get(index, 0)) / 0.1 for index, m in moments.items()})
        before = moments
    return found


def norm_of(gradient):
    return math.sqrt(sum(float((g**2).sum()) for g in gradient.values()))


# ---- accumulation --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "clip"), [(PLAIN_64, 1e9), (PLAIN_64, 0.3), (TOKENS_64, 1e9)], ids=["rows", "clip", "tokens"]
)
def test_accumulated_batches_are_one_big_batch(trained, task, clip):
    """44 rows: windows of 8+8+8+8 and 8+4 against batches of 32 and 12; in the language model no two weigh the same."""
    _, small = trained(task, "--batch-size", 8, "--accumulate", 4, "--clip", clip)
    _, large = trained(task, "--batch-size", 32, "--clip", clip)
    assert len(small) == len(large) == 4
    for few, one, grad_few, grad_one in zip(small, large, gradients(small), gradients(large), strict=True):
        assert_close(grad_few, grad_one)
        assert_close(few.weights["model"], one.weights["model"])
        assert few.state["meter"]["loss"] == pytest.approx(one.state["meter"]["loss"], rel=1e-12)
        assert few.state["meter"]["grad_norm"] == pytest.approx(one.state["meter"]["grad_norm"], rel=1e-10)
        assert few.state["meter"]["items"] == one.state["meter"]["items"]
        assert few.state["scheduler"] == one.state["scheduler"]


def test_a_mean_of_means_would_have_been_seen(trained):
    """The token counts differ enough: dividing by the number of batches gives another gradient."""
    project, small = trained(TOKENS_64, "--batch-size", 8, "--accumulate", 4, "--clip", 1e9)
    task = task_of(project)
    torch.manual_seed(0)
    model = task.make_model()
    train_set, _ = task.make_data()
    order = seeding.permutation(44, 0, 0)
    for start in range(0, 32, 8):
        rows = torch.from_numpy(order[start : start + 8])
        (task.loss(model, tuple(tensor[rows] for tensor in train_set.tensors))[0] / 4).backward()
    wrong = norm_of(dict(enumerate(p.grad for p in model.parameters())))
    assert abs(wrong / small[0].state["meter"]["grad_norm"] - 1) > 1e-3


# ---- clipping ------------------------------------------------------------------------------------------------------------


def test_clipping_is_its_closed_form(trained):
    """g · min(1, limit / (|g| + 1e-6)), with |g| over all parameters together; what is logged is |g| before."""
    limit = 0.3
    _, free = trained(PLAIN_64, "--batch-size", 32, "--clip", 1e9)
    _, clipped = trained(PLAIN_64, "--batch-size", 32, "--clip", limit)
    longest = gradients(free)[0]  # of the first step, where both runs have the same weights
    length = norm_of(longest)
    assert length > limit
    assert clipped[0].state["meter"]["grad_norm"] == pytest.approx(length, rel=1e-12)
    assert_close(gradients(clipped)[0], {index: g * limit / (length + 1e-6) for index, g in longest.items()}, rel=1e-9)
    for step, gradient in zip(clipped, gradients(clipped), strict=True):
        before = step.state["meter"]["grad_norm"]
        assert norm_of(gradient) == pytest.approx(before * min(1, limit / (before + 1e-6)), rel=1e-9)
    for step, gradient in zip(free, gradients(free), strict=True):
        assert norm_of(gradient) == pytest.approx(step.state["meter"]["grad_norm"], rel=1e-9)


# ---- averaged weights ----------------------------------------------------------------------------------------------------


def test_averaged_weights_are_their_closed_form(trained):
    """e_n = d^(n-1) w_1 + (1 - d) Σ d^(n-k) w_k over k = 2 … n."""
    decay = 0.9
    _, steps = trained(PLAIN_64, "--ema", decay)
    seen = [step.weights["model"] for step in steps]
    for n, step in enumerate(steps, 1):
        shares = [decay ** (n - 1), *((1 - decay) * decay ** (n - k) for k in range(2, n + 1))]
        expected = {
            f"module.{name}": sum(share * weights[name] for share, weights in zip(shares, seen, strict=False))
            for name in seen[0]
        }
        found = {name: tensor for name, tensor in step.weights["ema"].items() if name != "n_averaged"}
        assert_close(found, expected)
        assert step.weights["ema"]["n_averaged"] == n


# ---- the whole step, by hand ---------------------------------------------------------------------------------------------


def make_schedule_by_hand(name, optimizer, total, warmup, lr):
    if name == "cosine":
        rise = LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
        return SequentialLR(optimizer, [rise, CosineAnnealingLR(optimizer, total - warmup)], [warmup])
    if name == "onecycle":
        return OneCycleLR(optimizer, max_lr=lr, total_steps=total, pct_start=warmup / total)
    return ReduceLROnPlateau(optimizer, factor=0.1, patience=3)


def judge_by_hand(model, val_set, batch, autocast):
    """Mean loss over the validation rows."""
    total = []
    for x, y in zip(*(tensor.split(batch) for tensor in val_set.tensors), strict=True):
        with torch.no_grad(), autocast():
            total.append(F.cross_entropy(model.eval()(x), y) * len(y))
    return sum(torch.stack(total).tolist()) / len(val_set)


def train_by_hand(task, *, epochs, accumulate, precision, schedule, lr=1e-2, batch=8, warmup=0.3, decay=0.9, clip=1.0):
    """Plain torch, with nothing of glassloop's but the order of the samples; yields what is known after each step."""
    torch.manual_seed(0)
    train_set, val_set = task.make_data()
    model = task.make_model()
    ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.01, fused=True)
    starts = range(0, 44, batch)
    total = epochs * math.ceil(len(starts) / accumulate)
    scheduler = make_schedule_by_hand(schedule, optimizer, total, int(warmup * total), lr)
    scaler = torch.amp.GradScaler("cpu", enabled=precision == "fp16")
    half = torch.float16 if precision == "fp16" else torch.bfloat16
    autocast = partial(torch.autocast, "cpu", half, enabled=precision != "fp32")
    for epoch in range(epochs):
        order = torch.from_numpy(seeding.permutation(44, 0, epoch))
        batches = [tuple(tensor[order[start : start + batch]] for tensor in train_set.tensors) for start in starts]
        model.train()
        for first in range(0, len(batches), accumulate):
            window = batches[first : first + accumulate]
            items = sum(len(y) for _, y in window)
            optimizer.zero_grad()
            total_loss = 0.0
            for x, y in window:
                with autocast():
                    loss = F.cross_entropy(model(x), y)
                scaler.scale(loss * (len(y) / items)).backward()
                total_loss += loss.item() * (len(y) / items)
            scaler.unscale_(optimizer)
            overflow = not all(bool(torch.isfinite(p.grad).all()) for p in model.parameters())
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
            used = optimizer.param_groups[0]["lr"]
            scaler.step(optimizer)
            scaler.update()
            if not overflow:
                ema.update_parameters(model)
            if schedule != "plateau" and not overflow:
                scheduler.step()
            elif schedule == "plateau" and first + accumulate >= len(batches):
                scheduler.step(judge_by_hand(ema, val_set, batch, autocast))
            yield After(model, ema, scaler, scheduler, total_loss, float(norm), used, overflow)


class After(NamedTuple):
    """What stands after a step, by hand: read it before the next one is taken."""

    model: torch.nn.Module
    ema: torch.nn.Module
    scaler: torch.amp.GradScaler
    scheduler: object
    loss: float
    norm: float
    lr: float
    overflow: bool


# Large features: the first gradients overflow float16 at the scaler's first scales.
LARGE = """
    class Large(Net):
        def forward(self, x):
            return self.head(30 * self.blocks[1](self.blocks[0](x)))

    def make_model():
        return Large()
"""

CASES = {
    "fp32-cosine": ("", {"precision": "fp32", "schedule": "cosine", "accumulate": 3, "epochs": 2}),
    "bf16-onecycle": ("", {"precision": "bf16", "schedule": "onecycle", "accumulate": 1, "epochs": 2}),
    "bf16-cosine": ("", {"precision": "bf16", "schedule": "cosine", "accumulate": 4, "epochs": 3}),
    "fp16-cosine": (LARGE, {"precision": "fp16", "schedule": "cosine", "accumulate": 2, "epochs": 3}),
    "fp16-onecycle": (LARGE, {"precision": "fp16", "schedule": "onecycle", "accumulate": 1, "epochs": 2}),
    "fp32-plateau": ("", {"precision": "fp32", "schedule": "plateau", "accumulate": 3, "epochs": 12, "lr": 0.5}),
}
ALWAYS = ["--warmup", 0.3, "--ema", 0.9, "--weight-decay", 0.01]


def flags(settings):
    return [word for name, value in settings.items() for word in (f"--{name}", value)] + ALWAYS


@pytest.mark.parametrize("case", CASES)
def test_the_loop_is_torch_by_hand_to_the_bit(trained, case):
    replaced, settings = CASES[case]
    project, steps = trained(replaced, *flags(settings))
    count = 0
    for step, by_hand in zip(steps, train_by_hand(task_of(project), **settings), strict=True):
        count += 1
        assert_same(step.weights["model"], by_hand.model.state_dict())
        assert_same(step.weights["ema"], by_hand.ema.state_dict())
        meter = step.state["meter"]
        assert meter["loss"] == pytest.approx(by_hand.loss, rel=1e-6)  # summed here in float64, there in float32
        assert meter["grad_norm"] == by_hand.norm or by_hand.overflow
        assert meter["lr"] == by_hand.lr
        if settings["precision"] == "fp16":
            assert step.state["scaler"]["scale"] == by_hand.scaler.get_scale()
        assert step.state["scheduler"]["last_epoch"] == by_hand.scheduler.last_epoch
    assert count == settings["epochs"] * math.ceil(6 / settings["accumulate"])


def test_plateau_lowered_the_rate_in_that_run(trained):
    """Or else the case above would have shown little."""
    replaced, settings = CASES["fp32-plateau"]
    rates = [step.state["meter"]["lr"] for step in trained(replaced, *flags(settings))[1]]
    assert rates[0] == 0.5
    assert rates[-1] <= 0.05


def test_a_skipped_step_leaves_all_but_the_scale_alone(trained):
    replaced, settings = CASES["fp16-cosine"]
    project, steps = trained(replaced, *flags(settings))
    skipped = [by_hand.overflow for by_hand in train_by_hand(task_of(project), **settings)]
    assert skipped[0]
    assert 1 <= sum(skipped[1:]) < len(skipped) - 2
    for number in range(1, len(steps)):
        before, after = steps[number - 1], steps[number]
        # Batch-norm has seen the batch, skipped or not: its statistics are the forward's, not the step's.
        weights = [{k: v for k, v in step.weights["model"].items() if ".1." not in k} for step in (before, after)]
        moved = any(not torch.equal(a, b) for a, b in zip(weights[0].values(), weights[1].values(), strict=True))
        taken = after.weights["ema"]["n_averaged"] - before.weights["ema"]["n_averaged"]
        stepped = after.state["scheduler"]["last_epoch"] - before.state["scheduler"]["last_epoch"]
        assert (moved, taken, stepped) == ((False, 0, 0) if skipped[number] else (True, 1, 1))
        scales = before.state["scaler"]["scale"], after.state["scaler"]["scale"]
        assert scales[1] == scales[0] * (0.5 if skipped[number] else 1)
        if skipped[number]:
            assert_same(after.weights["ema"], before.weights["ema"])
            assert after.state["scheduler"] == before.state["scheduler"]


# ---- recomputing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_recomputing_changes_not_a_bit(trained, precision):
    """With batch-norm, dropout, accumulation and autocast: weights, statistics, moments and generators."""
    args = ["--precision", precision, "--accumulate", 2, "--ema", 0.9]
    _, plain = trained("", *args)
    _, again = trained("", *args, "--recompute")
    assert [step.digest for step in plain] == [step.digest for step in again]
    assert again[-1].weights["model"]["blocks.0.1.num_batches_tracked"] == 12
