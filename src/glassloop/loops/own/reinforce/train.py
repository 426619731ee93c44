"""Learning from what one does oneself (REINFORCE with a baseline): a loop without a loader, and without a loss to look at.

    python train.py --epochs 40
    python train.py --resume                                  # after a crash or a kill

`task.py` holds environment and networks, `config.py` what can be set. Read it from top to bottom, change it.
"""

import json
import math
import time
from pathlib import Path
from typing import NamedTuple

import task
import torch
import torch.nn.functional as F
from config import MAY_CHANGE, Config
from glassloop.errors import UserError
from glassloop.kit import checkpoint, seeding
from glassloop.kit.device import choose_device, refuse_many_processes
from glassloop.kit.run import clear_errors, open_run
from glassloop.kit.settings import as_json, read_settings
from torch.distributions import Categorical

EVALUATED = 100  # episodes that a policy is judged by


class Played(NamedTuple):
    """N episodes side by side, T steps of the longest; what follows an episode's end is not `alive` and counts nothing."""

    observations: torch.Tensor  # (T, N, 4)
    actions: torch.Tensor  # (T, N)
    rewards: torch.Tensor  # (T, N)
    alive: torch.Tensor  # (T, N)


@torch.no_grad()  # a graph over hundreds of steps is not needed: what was played is asked again, all at once
def play(policy, environments, seed: int, device, greedy: bool = False) -> Played:
    """One episode in each environment, from positions that `seed` says, to the end of the last."""
    observation, _ = environments.reset(seed=seed)
    alive = torch.ones(environments.num_envs, dtype=torch.bool)
    steps = []
    while alive.any():
        seen = torch.from_numpy(observation).float()
        logits = policy(seen.to(device))
        # Drawn, not the best one: what is never tried is never learned. A greedy policy is only for being judged.
        action = logits.argmax(-1) if greedy else Categorical(logits=logits).sample()
        # The environment has to hear the action: the one place where a host must wait for its device at each step.
        action_here = action.cpu().numpy()  # glassloop: ignore[sync-every-step]
        observation, reward, terminated, truncated, _ = environments.step(action_here)
        steps.append((seen, action, torch.from_numpy(reward).float() * alive, alive))
        alive = alive & ~torch.from_numpy(terminated | truncated)  # those that have ended begin anew, unheard
    return Played(*(torch.stack(part).to(device) for part in zip(*steps, strict=True)))


def returns_of(rewards, discount: float):
    """(T, N) discounted sums of the rewards from each step on: an action is answerable for what follows it alone."""
    total, found = torch.zeros_like(rewards[0]), []
    for reward in reversed(rewards.unbind()):  # from the end: each is its reward and a share of the next one's sum
        total = reward + discount * total
        found.append(total)
    return torch.stack(found[::-1])


def train(config: Config) -> int:
    """Play, learn, judge and checkpoint each epoch; returns the exit code."""
    config.check()
    refuse_many_processes()  # two processes without gradient averaging would train two policies, silently
    device = choose_device(config.device)
    if config.threads:  # a part of the run: another number adds in another order, and changes the last bits
        torch.set_num_threads(config.threads)
    seeding.seed_everything(config.seed)  # before the networks: their first weights come from these generators

    environments, judged = task.make_environments(config.episodes), task.make_environments(EVALUATED)
    policy, baseline = task.make_policy().to(device), task.make_baseline().to(device)
    optimizer = torch.optim.Adam([*policy.parameters(), *baseline.parameters()], lr=config.lr)
    unit = 1 / (1 - config.discount)  # the longest return there can be, so that the baseline predicts numbers up to 1

    settings = as_json(config)
    run = open_run(config.run_dir, task.NAME, resume=config.resume)
    modules, stateful = {"policy": policy, "baseline": baseline}, {"optimizer": optimizer}
    first_epoch, best = 0, None
    found = checkpoint.load_newest(run.checkpoints) if config.resume else None
    if found:
        checkpoint.restore(found, modules, stateful, settings, MAY_CHANGE)
        first_epoch, best = found.state["epoch"], found.state["best"]
        seeding.set_rng_state(found.state["rng"])  # last: building what stands above has drawn from the generators
        print(f"resumed after step {first_epoch}")
    elif config.resume:
        print(f"nothing to resume in {run.folder}: a new run begins")
    run.drop_history_from(first_epoch)  # rows of epochs beyond the checkpoint, which will be written again
    about = {"environment": task.ENVIRONMENT, "split": f"judged by {EVALUATED} episodes from positions of their own"}
    sources = [Path(__file__).with_name(name) for name in ("train.py", "task.py", "config.py")]
    run.begin(config=settings, data=about, sources=sources)  # here, so that a refusal leaves the record as it was

    for epoch in range(first_epoch, config.epochs):
        started = time.perf_counter()
        # Where the episodes begin is a pure function of (seed, epoch): so no environment's state has to be stored.
        seed = int(seeding.mix(config.seed, epoch)[0] >> 33)
        played = play(policy, environments, seed, device)  # by this very policy: older episodes would tell of another one
        returns = returns_of(played.rewards, config.discount) / unit

        optimizer.zero_grad()
        expected = baseline(played.observations)
        # How much better than expected. A policy gradient is right without the baseline, too, but far noisier: here all
        # rewards are 1, and each action, good or bad, would be praised. detach: the policy's loss must not teach the
        # baseline to make the policy look good.
        advantages = (returns - expected.detach())[played.alive]
        advantages = advantages / (advantages.std() + 1e-8)  # so that the rate means the same for short and long episodes
        log_probabilities = Categorical(logits=policy(played.observations)).log_prob(played.actions)[played.alive]
        # No loss in the usual sense: its gradient is that of the expected return, its value says nothing, and it need not
        # fall. One step only: after it these episodes are another policy's.
        policy_loss = -(log_probabilities * advantages).mean()
        baseline_loss = F.mse_loss(expected[played.alive], returns[played.alive])  # the steps after an end count in neither
        (policy_loss + baseline_loss).backward()
        optimizer.step()

        # ---- judge, remember, keep -----------------------------------------------------------------------------------
        figures = torch.stack([played.rewards.sum(0).mean(), baseline_loss.detach(), policy_loss.detach()])
        # Read together; beside the hundreds of waits of the play, this one costs nothing.
        train_return, baseline_mean, policy_mean = figures.tolist()  # glassloop: ignore[sync-every-step]
        seconds = time.perf_counter() - started
        if not math.isfinite(baseline_mean + policy_mean):
            raise UserError(f"a loss of step {epoch + 1} is not finite; the last checkpoint is whole. Lower --lr")
        test = play(policy, judged, config.seed + 2**31, device, greedy=True)  # from the same positions each time
        mean_return = test.rewards.sum(0).mean().item()
        is_best = best is None or mean_return > best
        best = mean_return if is_best else best
        row = {"epoch": epoch + 1, "train_return": train_return, "val_return": mean_return}
        row |= {"baseline_loss": baseline_mean, "seconds": round(seconds, 3)}
        run.add_history({**row, "samples_per_second": round(int(played.alive.sum()) / seconds, 1)})
        print(
            f"epoch {epoch + 1:>3}/{config.epochs}  return {train_return:.1f} as it explores, "
            f"{mean_return:.1f} over {EVALUATED} episodes at its best",
            flush=True,
        )
        state = {"optimizer": optimizer.state_dict(), "epoch": epoch + 1, "best": best, "rng": seeding.rng_state()}
        checkpoint.save(run.checkpoints, epoch + 1, modules, state, settings, keep=config.keep, best=is_best)
        if epoch + 1 == config.stop_at and epoch + 1 < config.epochs:
            print(f"stopped after step {epoch + 1}; --resume goes on from there, in {run.folder}")
            run.close(final=None)
            return 0

    test = play(policy, judged, config.seed + 2**31, device, greedy=True)
    task.draw_angles(test.observations.cpu(), test.alive.cpu(), run.folder / "pictures" / "angles.png")
    final = {"val_return": run.last_row()["val_return"]}
    run.close(final)
    print(f"run folder {run.folder}; open {run.folder / 'report.html'}")
    print(f"final {json.dumps(final)}")
    return 0


if __name__ == "__main__":
    with clear_errors():  # what you can mend is said in one line
        raise SystemExit(train(read_settings(Config, {}, task.NAME)))
