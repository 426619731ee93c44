"""Small scripts whose outcome surprises: what they print, raise or keep silent about is found by running them."""

HEAD = """\
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
"""

# (name, level, about, script)
OUTCOMES = (
    ("twice-through-a-graph", 1, ("backward",), HEAD + """\
model = nn.Linear(3, 1)
loss = model(torch.randn(4, 3)).square().mean()
loss.backward()
loss.backward()
"""),
    ("loss-without-graph", 1, ("backward",), HEAD + """\
model = nn.Linear(3, 1)
with torch.no_grad():
    loss = model(torch.randn(4, 3)).square().mean()
loss.backward()
"""),
    ("half-after-the-optimizer", 4, ("to-device",), HEAD + """\
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model.half()
loss = model(torch.randn(4, 3).half()).square().mean()
loss.backward()
optimizer.step()
"""),
    ("targets-in-a-column", 3, ("loss",), HEAD + """\
model = nn.Linear(3, 1)
x, y = torch.randn(4, 3), torch.randn(4)
loss = F.mse_loss(model(x), y)
loss.backward()
"""),
    ("targets-in-a-column-bce", 3, ("loss",), HEAD + """\
model = nn.Linear(3, 1)
x, y = torch.randn(4, 3), torch.tensor([0.0, 1.0, 1.0, 0.0])
loss = F.binary_cross_entropy_with_logits(model(x), y)
loss.backward()
"""),
    ("probabilities-into-cross-entropy", 2, ("loss",), HEAD + """\
model = nn.Linear(3, 2)
x, y = torch.randn(4, 3), torch.tensor([0, 1, 1, 0])
loss = F.cross_entropy(model(x).softmax(dim=1), y)
loss.backward()
"""),
    ("no-closure-for-lbfgs", 3, ("step",), HEAD + """\
model = nn.Linear(3, 1)
optimizer = torch.optim.LBFGS(model.parameters())
model(torch.randn(4, 3)).square().mean().backward()
optimizer.step()
"""),
    ("plateau-without-a-metric", 2, ("schedule",), HEAD + """\
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
model(torch.randn(4, 3)).square().mean().backward()
optimizer.step()
scheduler.step()
"""),
    ("one-sample-for-batch-norm", 2, ("forward", "train-mode"), HEAD + """\
model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
for batch in torch.randn(5, 3).split(4):
    model(batch).square().mean().backward()
"""),
    ("scaler-without-update", 4, ("scaler-update",), HEAD + """\
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cpu")
for x in torch.randn(2, 4, 3):
    optimizer.zero_grad()
    scaler.scale(model(x).square().mean()).backward()
    scaler.step(optimizer)
"""),
    ("detached-and-switched-on", 4, ("backward",), HEAD + """\
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loss = model(torch.randn(4, 3)).square().mean()
loss = torch.tensor(loss.item(), requires_grad=True)
loss.backward()
optimizer.step()
"""),
)  # fmt: skip

# (name, level, about, the number that people expect, why it is another, script)
NUMBERS = (
    ("gradients-add", 1, ("backward", "zero-grad"), "2", "backward adds to what is there: 2 + 2.", """\
import torch

w = torch.tensor(1.0, requires_grad=True)
(2 * w).backward()
(2 * w).backward()
print(w.grad.item())
"""),
    ("step-moves", 1, ("step",), "1.2", "SGD moves against the gradient: 1 - 0.1 * 2.", """\
import torch

w = torch.tensor(1.0, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
(2 * w).backward()
optimizer.step()
print(round(w.item(), 4))
"""),
    ("cleared-before-the-step", 2, ("zero-grad", "step"), "0.8", "zero_grad has emptied what the step should use.", """\
import torch

w = torch.tensor(1.0, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
(2 * w).backward()
optimizer.zero_grad()
optimizer.step()
print(round(w.item(), 4))
"""),
    ("batches-of-an-epoch", 1, ("batch",), "2", "The last, smaller batch counts: 4 + 4 + 2.", """\
from torch.utils.data import DataLoader

loader = DataLoader(range(10), batch_size=4)
print(len(loader))
"""),
    ("clipped-length", 2, ("clip",), "5", "A gradient (3, 4) of length 5 is shortened to the limit.", """\
import torch

w = torch.zeros(2, requires_grad=True)
(w * torch.tensor([3.0, 4.0])).sum().backward()
torch.nn.utils.clip_grad_norm_([w], max_norm=1.0)
print(round(w.grad.norm().item(), 3))
"""),
    ("what-clip-returns", 3, ("clip",), "1", "It returns the length before clipping.", """\
import torch

w = torch.zeros(2, requires_grad=True)
(w * torch.tensor([3.0, 4.0])).sum().backward()
print(torch.nn.utils.clip_grad_norm_([w], max_norm=1.0).item())
"""),
    ("cosine-comes-back", 4, ("schedule",), "0", "A cosine goes on after T_max calls: after twice as many it is back.", """\
import torch

w = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.5)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
for _ in range(20):
    optimizer.step()
    scheduler.step()
print(round(optimizer.param_groups[0]["lr"], 4))
"""),
    ("dropout-scales", 3, ("train-mode", "forward"), "0.5",
     "In training mode dropout divides what it keeps by 1 - p, so that the mean stays.", """\
import torch

torch.manual_seed(0)
dropout = torch.nn.Dropout(p=0.5)
print(dropout(torch.ones(100)).max().item())
"""),
    ("adam-first-step", 4, ("step",), "0.1",
     "Adam's first step has the length of the learning rate, whatever the gradient's: it divides by its own size.", """\
import torch

w = torch.tensor(1.0, requires_grad=True)
optimizer = torch.optim.Adam([w], lr=0.01)
(1000 * w).backward()
optimizer.step()
print(round(1 - w.item(), 5))
"""),
    ("mean-of-means", 3, ("loss",), "2.25",
     "Batches (1, 1, 1) and (6): the mean of means counts the single sample as much as the three.", """\
import torch

losses = torch.tensor([1.0, 1.0, 1.0, 6.0])
means = [batch.mean() for batch in losses.split(3)]
print(torch.stack(means).mean().item())
"""),
    ("broadcast-loss", 5, ("loss",), "0",
     "Shapes (3, 1) and (3,) make 9 pairs: the mean of their squared differences, not of the 3 that were meant.", """\
import torch

prediction = torch.tensor([[0.0], [1.0], [2.0]])
target = torch.tensor([0.0, 1.0, 2.0])
print(round(((prediction - target) ** 2).mean().item(), 4))
"""),
    ("weight-decay-alone", 4, ("step", "zero-grad"), "1",
     "A gradient that is zero is not none: AdamW takes its step, and the decay shrinks the weight: 1 - 0.1 * 0.5.", """\
import torch

w = torch.tensor(1.0, requires_grad=True)
optimizer = torch.optim.AdamW([w], lr=0.1, weight_decay=0.5)
(0 * w).backward()
optimizer.step()
print(round(w.item(), 4))
"""),
)  # fmt: skip

# (rung, arguments, the number that people expect, why it is another, level)
STEPS = (
    ("five_lines", ("--epochs", "3", "--batch-size", "100"), "9", "Four batches an epoch: the last one has 60 samples.", 3),
    (
        "production", ("--epochs", "2", "--batch-size", "60", "--accumulate", "4"), "3",
        "Six batches an epoch are a window of four and one of two, and the shorter window is stepped, too.", 5,
    ),
)  # fmt: skip
