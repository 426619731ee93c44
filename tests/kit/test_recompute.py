"""Recomputing a block changes memory and time, never a number."""

import copy

import pytest
import torch
from torch import nn

from glassloop.kit import seeding
from glassloop.kit.recompute import recompute


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [(6, 8), (8, 8), (8, 8)]
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.GELU(), nn.Dropout(0.3)) for a, b in sizes
        )
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


def trained(net, steps=3, precision=None, batches=2):
    """Train with accumulation and return every gradient, buffer, weight and the generator after each step."""
    torch.manual_seed(3)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    trace = []
    for _ in range(steps):
        optimizer.zero_grad()
        for _ in range(batches):
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                loss = nn.functional.cross_entropy(net(torch.randn(16, 6)), torch.randint(3, (16,)))
            loss.backward()
        trace.append([parameter.grad.clone() for parameter in net.parameters()])
        optimizer.step()
        trace.append([value.clone() for value in net.state_dict().values()])
        trace.append([torch.get_rng_state(), loss.detach()])
    return trace


@pytest.fixture
def twins():
    with seeding.kept_rng():
        torch.manual_seed(0)
        net = Net()
        twin = copy.deepcopy(net)
        for block in twin.blocks:
            recompute(block)
        yield net, twin


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_not_a_bit_differs(twins, precision):
    """Gradients, batch-norm's statistics and counter, dropout's masks, weights and the generator: all of them."""
    for plain, again in zip(*(trained(net, precision=precision) for net in twins), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(plain, again, strict=True))
    assert twins[1].blocks[0][1].num_batches_tracked == 6


def test_the_inside_is_run_twice_and_not_kept(twins):
    """Or else it would be equal for the wrong reason."""
    for net, runs, fewest in zip(twins, (1, 2), (13, 5), strict=True):
        calls, kept = [], []
        handle = net.blocks[1][2].register_forward_hook(lambda *_, calls=calls: calls.append(1))
        with torch.autograd.graph.saved_tensors_hooks(lambda t, kept=kept: kept.append(t) or t, lambda t: t):
            loss = net(torch.randn(16, 6)).sum()
        seen = len(kept)
        loss.backward()
        handle.remove()
        assert len(calls) == runs
        assert seen >= fewest if runs == 1 else seen <= fewest


def test_frozen_statistics_stay_frozen(twins):
    """A batch-norm in evaluation mode inside a block that is trained, as in fine-tuning."""
    results = []
    for net in twins:
        net.train()
        for block in net.blocks:
            block[1].eval()
        results.append(trained(net))
        assert net.blocks[0][1].num_batches_tracked == 0
        assert net.blocks[0][1].track_running_stats
    for plain, again in zip(*results, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(plain, again, strict=True))


def test_names_of_the_weights_and_evaluation_stay(twins):
    net, twin = twins
    assert list(net.state_dict()) == list(twin.state_dict())
    x = torch.randn(5, 6)
    with torch.inference_mode():
        assert torch.equal(net.eval()(x), twin.eval()(x))


@pytest.mark.full
def test_compiled_not_a_bit_differs_either(twins):
    """torch.compile has its own way to recompute, and takes no context for it."""
    plain, again = ([trained(torch.compile(net), steps=2), net] for net in twins)
    for a, b in zip(plain[0], again[0], strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    assert again[1].blocks[0][1].num_batches_tracked == 4
