"""A pole to balance on a cart: the environment, and the two networks that learn to do it.

Everything the loop needs to know about the problem stands here.
"""

from pathlib import Path

import torch
from torch import nn

from glassloop.errors import UserError

NAME = "reinforce"
ENVIRONMENT = "CartPole-v1"  # a reward of 1 for each step that the pole stands, 500 steps at most
OBSERVATION, ACTIONS = 4, 2  # position, speed, angle, turn; push left or right


def make_environments(count: int):
    """`count` copies that are stepped together, a row of numbers each. Raises UserError where gymnasium is missing."""
    try:
        import gymnasium
    except ImportError:
        raise UserError("this loop plays in gymnasium's environments; install them: pip install 'gymnasium>=1'") from None
    return gymnasium.make_vec(ENVIRONMENT, num_envs=count)


def make_policy() -> nn.Module:
    """(..., 4) observations -> (..., 2) logits of the actions."""
    return nn.Sequential(nn.Linear(OBSERVATION, 64), nn.Tanh(), nn.Linear(64, ACTIONS))


def make_baseline() -> nn.Module:
    """(..., 4) observations -> (...,) the return that is to be expected from there, in units of 1 / (1 - discount)."""
    return nn.Sequential(nn.Linear(OBSERVATION, 64), nn.Tanh(), nn.Linear(64, 1), nn.Flatten(-2))


def draw_angles(observations: torch.Tensor, alive: torch.Tensor, path: Path) -> None:
    """Draw the pole's angle over the steps of eight episodes: (T, N, 4) observations, (T, N) whether it still stood."""
    from matplotlib.figure import Figure  # slow to import, and only needed here

    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots()
    for episode in range(min(8, alive.shape[1])):
        axes.plot(observations[alive[:, episode], episode, 2].rad2deg(), linewidth=0.8)
    axes.axhspan(-12, 12, alpha=0.1)
    axes.set(xlabel="step", ylabel="angle of the pole (degrees)", title="Eight episodes; it has fallen beyond 12 degrees")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110)
