"""The mistakes, as edits of digits.py, and right scripts that look as if something were wrong.

An edit is (old, new): `old` stands in the text exactly once. A mistake is made in the right script that `of` names, which
is its clean twin; `rule` is the rule of ours that should name it, None where we have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BASE = (Path(__file__).parent / "digits.py").read_text(encoding="utf-8")
Edits = tuple[tuple[str, str], ...]

ZERO = "            optimizer.zero_grad()\n"
LOSS = "            loss = loss_fn(model(x), y)\n"
BACK = "            loss.backward()\n"
CLIP = "            nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"
STEP = "            optimizer.step()\n"
SCHEDULE = "        scheduler.step()\n"
MODEL = "model = Net()\n"
OPTIMIZER = "optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)\n"
COSINE = "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)\n"
HIDDEN = "        hidden = torch.relu(self.norm(self.body(x)))\n"
HEAD = "        self.head = nn.Linear(64, 10)\n"
LOOP = ZERO + LOSS + BACK + CLIP + STEP

ACCUMULATED = """\
            loss = loss_fn(model(x), y) / 5
            loss.backward()
            seen += 1
            if seen % 5 == 0:
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                optimizer.zero_grad()
"""
SCALED = """\
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
"""
REGRESSION: Edits = (
    ("targets = torch.tensor(labels)\n", "targets = torch.tensor(labels, dtype=torch.float32).unsqueeze(1) / 9\n"),
    (HEAD, "        self.head = nn.Linear(64, 1)\n"),
    ("loss_fn = nn.CrossEntropyLoss()\n", "loss_fn = nn.MSELoss()\n"),
)
ADAPTER = """\
class Adapter(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner.requires_grad_(False)
        self.down = nn.Linear(64, 4, bias=False)
        self.up = nn.Linear(4, 10, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.inner(x) + self.up(self.down(x))


"""

# Right scripts: the twins of the mistakes, and what only looks like a mistake.
RIGHT: dict[str, Edits] = {
    "plain": (),
    "accumulation": (("        model.train()\n", "        model.train()\n        seen = 0\n"), (LOOP, ACCUMULATED)),
    "gradient scaler": ((MODEL, MODEL + 'scaler = torch.amp.GradScaler("cpu")\n'), (LOOP, SCALED)),
    "regression": REGRESSION,
    "frozen body, adapter that starts at zero": (
        (MODEL, ADAPTER + "model = Adapter(Net())\n"),
        (OPTIMIZER, OPTIMIZER.replace("model.parameters()", "[p for p in model.parameters() if p.requires_grad]")),
    ),
    "cleared by hand, no scheduler": (
        (ZERO, "            for p in model.parameters():\n                p.grad = None\n"),
        (COSINE, ""),
        (SCHEDULE, ""),
    ),
    "warm-up from zero, once a batch": (
        (COSINE, "scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 20))\n"),
        (STEP + SCHEDULE, STEP + "            scheduler.step()\n"),
    ),
    "a layer that joins in the third epoch": (
        (HEAD, HEAD + "        self.late = nn.Linear(64, 64)\n        self.use_late = False\n"),
        (HIDDEN, HIDDEN + "        hidden = hidden + self.late(hidden) if self.use_late else hidden\n"),
        ("    for _ in range(EPOCHS):\n", "    for epoch in range(EPOCHS):\n        model.use_late = epoch >= 2\n"),
    ),
}


@dataclass(frozen=True)
class Mistake:
    """What is wrong, in a few words; the edits that make it so; the right script that it is made in."""

    says: str
    rule: str | None
    edits: Edits
    of: str = "plain"


MISTAKES = (
    Mistake("gradients never cleared", "zero-grad-missing", ((ZERO, ""),)),
    Mistake(
        "cleared between backward and step",
        "zero-grad-between-backward-and-step",
        ((LOOP, LOSS + BACK + ZERO + CLIP + STEP),),
    ),
    Mistake("no backward", "backward-missing", ((BACK, ""),)),
    Mistake("no step", "step-missing", ((STEP, ""), (SCHEDULE, ""))),
    Mistake("clipped before backward", "clip-before-backward", ((LOOP, ZERO + LOSS + CLIP + BACK + STEP),)),
    Mistake("clipped after step", "clip-after-step", ((CLIP + STEP, STEP + CLIP),)),
    Mistake("schedule of epochs stepped per batch", "scheduler-per-batch", ((STEP + SCHEDULE, STEP + "    " + SCHEDULE),)),
    Mistake(
        "scheduler before the first step",
        "scheduler-before-optimizer",
        ((SCHEDULE, ""), ("        model.train()\n", "        scheduler.step()\n        model.train()\n")),
    ),
    Mistake("scheduler never stepped", "scheduler-never-stepped", ((SCHEDULE, ""),)),
    Mistake(
        "trained on in evaluation mode",
        "train-mode-missing",
        (("    for _ in range(EPOCHS):\n        model.train()\n", "    model.train()\n    for _ in range(EPOCHS):\n"),),
    ),
    Mistake("validated in training mode", "eval-mode-missing", (("        model.eval()\n", ""),)),
    Mistake("validated with gradients", "no-grad-missing", (("        with torch.no_grad():\n", "        if True:\n"),)),
    Mistake(
        "loss rebuilt from its number",
        "detached-loss",
        ((BACK, BACK.replace("loss.", "torch.tensor(loss.item(), requires_grad=True).")),),
    ),
    Mistake(
        "softmax before cross-entropy",
        "softmax-before-cross-entropy",
        (("self.head(self.drop(hidden))", "self.head(self.drop(hidden)).softmax(1)"),),
    ),
    Mistake(
        "softmax over the batch",
        "softmax-over-batch",
        (
            ("self.head(self.drop(hidden))", "self.head(self.drop(hidden)).log_softmax(0)"),
            ("nn.CrossEntropyLoss()", "nn.NLLLoss()"),
        ),
    ),
    Mistake("training data in a fixed order", "train-data-not-shuffled", ((", shuffle=True", ""),)),
    Mistake(
        "losses kept with their graphs",
        "loss-tensor-kept",
        ((STEP, STEP + "            kept.append(loss)\n"), ("began = ", "kept = []\nbegan = ")),
    ),
    Mistake(
        "a new iterator for each batch",
        "loader-restarted-each-step",
        (
            (
                "        for x, y in train_loader:\n",
                "        for _ in range(25):\n            x, y = next(iter(train_loader))\n",
            ),
        ),
    ),
    Mistake("accumulated, not averaged", "accumulation-not-averaged", ((") / 5\n", ")\n"),), "accumulation"),
    Mistake(
        "cleared inside the window",
        "zero-grad-breaks-accumulation",
        (("                optimizer.zero_grad()\n", "            optimizer.zero_grad()\n"),),
        "accumulation",
    ),
    Mistake(
        "clipped while scaled", "clip-before-unscale", (("            scaler.unscale_(optimizer)\n", ""),), "gradient scaler"
    ),
    Mistake(
        "scaler bypassed by the backward",
        "scaler-bypassed",
        (("            scaler.scale(loss).backward()\n", "            scaler.scale(loss)\n            loss.backward()\n"),),
        "gradient scaler",
    ),
    Mistake(
        "head replaced after the optimizer",
        "optimizer-stale-parameters",
        ((COSINE, COSINE + "model.head = nn.Linear(64, 10)\n"),),
    ),
    Mistake(
        "layers in a plain list",
        "modules-in-plain-list",
        (
            ("        self.body = nn.Linear(64, 64)\n", "        self.bodies = [nn.Linear(64, 64)]\n"),
            ("self.body(x)", "self.bodies[0](x)"),
        ),
    ),
    Mistake(
        "the body is not given to the optimizer",
        "parameters-not-in-optimizer",
        ((OPTIMIZER, OPTIMIZER.replace("model.p", "model.head.p")),),
    ),
    Mistake(
        "adapter made after the optimizer",
        "parameters-not-in-optimizer",
        (
            (ADAPTER + "model = Adapter(Net())\n", ADAPTER + MODEL),
            ("[p for p in model.parameters() if p.requires_grad]", "model.parameters()"),
            (COSINE, COSINE + "model = Adapter(model)\n"),
        ),
        "frozen body, adapter that starts at zero",
    ),
    Mistake(
        "a layer that forward never calls",
        "parameters-never-updated",
        ((HEAD, HEAD + "        self.extra = nn.Linear(64, 64)\n"),),
    ),
    Mistake(
        "graph cut inside the model",
        "parameters-never-updated",
        ((HIDDEN, HIDDEN.replace("self.body(x)", "self.body(x).detach()")),),
    ),
    Mistake(
        "a gradient of NaN (root of zero)",
        "gradient-nonfinite",
        ((HIDDEN, "        hidden = self.norm(self.body(x))\n        hidden = (hidden * (hidden > 0)).sqrt()\n"),),
    ),
    Mistake(
        "one label of a million, no clipping",
        "gradient-exploding",
        (("train_set = ", "targets[train_part[100]] = 1e6\ntrain_set = "), (CLIP, "")),
        "regression",
    ),
    Mistake(
        "twenty sigmoids",
        "gradient-vanishing",
        (
            (
                HEAD,
                HEAD
                + "        self.deep = nn.Sequential(*[m for _ in range(20) for m in (nn.Linear(64, 64), nn.Sigmoid())])\n",
            ),
            (HIDDEN, HIDDEN + "        hidden = self.deep(hidden)\n"),
        ),
    ),
    Mistake("a rate of zero", "learning-rate-zero", (("lr=1e-2", "lr=0.0"),)),
    Mistake("shapes that broadcast in the loss", "loss-shape-broadcast", ((".unsqueeze(1)", ""),), "regression"),
    Mistake("validation samples in the training set", "train-validation-overlap", (("order[:1200], ", "order[:1400], "),)),
    Mistake(
        "sizes mixed up: samples read one another",
        None,
        (("        hidden = torch.relu", "        x = x.reshape(64, -1).T\n        hidden = torch.relu"),),
    ),
    Mistake("half of the input unread", None, ((HIDDEN, "        x = torch.cat([x[:, :32], x[:, :32]], 1)\n" + HIDDEN),)),
    Mistake("input not normalised (0 to 255)", None, (("dtype=torch.float32) / 16\n", "dtype=torch.float32) * 15.9\n"),)),
    Mistake(
        "units dead from the start",
        None,
        (("torch.relu(self.norm(self.body(x)))", "torch.relu(self.norm(self.body(x)) - 100)"),),
    ),
    Mistake(
        "labels shifted by one sample",
        None,
        (("targets = torch.tensor(labels)\n", "targets = torch.tensor(labels).roll(1)\n"),),
    ),
)


def edited(text: str, edits: Edits) -> str:
    """The text after its edits. Raises ValueError where an old part does not stand in it exactly once."""
    for old, new in edits:
        if text.count(old) != 1:
            raise ValueError(f"{text.count(old)} times in the script, not once: {old!r}")
        text = text.replace(old, new)
    return text


def right(name: str) -> str:
    """The text of a right script."""
    return edited(BASE, RIGHT[name])


def wrong(mistake: Mistake) -> str:
    """The text with the mistake in it."""
    return edited(right(mistake.of), mistake.edits)
