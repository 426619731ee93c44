"""Two networks, two optimizers (GAN): one draws digits, the other tells them from real ones, and each learns from the other.

    python train.py --epochs 150
    python train.py --resume                                  # after a crash or a kill

`task.py` holds scans, networks and the judge, `config.py` what can be set. Read it from top to bottom, change it.
"""

import json
import math
import time
from pathlib import Path

import task
import torch
import torch.nn.functional as F
from config import MAY_CHANGE, Config
from glassloop.errors import UserError
from glassloop.kit import checkpoint, data, seeding
from glassloop.kit.device import choose_device, refuse_many_processes
from glassloop.kit.run import clear_errors, open_run
from glassloop.kit.settings import as_json, read_settings

DRAWN = 1000  # digits that the judge reads after each epoch


@torch.inference_mode()
def draw(generator, latent):
    """What `generator` makes of (B, 32) numbers, judged apart from its batch; it is left in the mode it had."""
    was_training = generator.training
    generator.eval()  # batch-norm by its running statistics: a digit does not depend on what is drawn beside it
    images = generator(latent)
    generator.train(was_training)
    return images


def train(config: Config) -> int:
    """Train, look and checkpoint each epoch; returns the exit code."""
    config.check()
    refuse_many_processes()  # two processes without gradient averaging would train two pairs, silently
    device = choose_device(config.device)
    if config.threads:  # a part of the run: another number adds in another order, and changes the last bits
        torch.set_num_threads(config.threads)
    seeding.seed_everything(config.seed)  # before the networks: their first weights come from these generators

    train_set, val_set = task.make_data()
    # The order is a pure function of (seed, epoch): so a resumed run sees just the scans that it had not seen.
    loader = data.make_loader(
        train_set, config.batch_size, seed=config.seed, shuffle=True, workers=config.workers, device=device
    )
    judge = task.Judge(train_set)
    real_read = judge.read(val_set.tensors[0])["confident"]  # what a perfect generator would reach
    generator, discriminator = task.make_generator().to(device), task.make_discriminator().to(device)
    # Two optimizers, each with its own network's parameters: one with both would make the discriminator help the forger.
    betas = (config.beta1, 0.99)
    generator_optimizer = torch.optim.Adam(generator.parameters(), lr=config.lr, betas=betas)
    discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), lr=config.lr, betas=betas)
    # The same numbers in each epoch, so that the pictures show the generator change, not the draw.
    fixed = torch.randn(DRAWN, task.LATENT, generator=torch.Generator().manual_seed(config.seed)).to(device)

    settings = as_json(config)
    run = open_run(config.run_dir, task.NAME, resume=config.resume)
    modules = {"generator": generator, "discriminator": discriminator}
    stateful = {"generator_optimizer": generator_optimizer, "discriminator_optimizer": discriminator_optimizer}
    losses = []  # (discriminator's, generator's) of each step of the epoch, on the device
    step = first_epoch = first_batch = 0
    best = None
    found = checkpoint.load_newest(run.checkpoints) if config.resume else None
    if found:
        checkpoint.restore(found, modules, stateful, settings, MAY_CHANGE)
        step, best = found.step, found.state["best"]
        first_epoch, first_batch = found.state["epoch"], found.state["batch"]
        losses = data.to_device(found.state["losses"], device)
        seeding.set_rng_state(found.state["rng"])  # last: building what stands above has drawn from the generators
        print(f"resumed after step {step}: epoch {first_epoch + 1}, {first_batch} of {len(loader)} batches done")
    elif config.resume:
        print(f"nothing to resume in {run.folder}: a new run begins")
    run.drop_history_from(first_epoch)  # rows of epochs beyond the checkpoint, which will be written again
    about = {"train": len(train_set), "validation": len(val_set), "split": task.SPLIT, "real_scans_confident": real_read}
    sources = [Path(__file__).with_name(name) for name in ("train.py", "task.py", "config.py")]
    run.begin(config=settings, data=about, sources=sources)  # here, so that a refusal leaves the record as it was

    def save(epoch: int, batches_done: int, is_best: bool = False) -> None:
        """Everything that the next step depends on. Between two steps, so that no gradient has to be kept."""
        state = {name: holder.state_dict() for name, holder in stateful.items()}
        state |= {"epoch": epoch, "batch": batches_done, "best": best, "losses": losses, "rng": seeding.rng_state()}
        checkpoint.save(run.checkpoints, step, modules, state, settings, keep=config.keep, best=is_best)

    print(f"the judge reads {real_read:.0%} of {len(val_set)} real scans with confidence -> {run.folder}", flush=True)
    for epoch in range(first_epoch, config.epochs):
        started, batches_before = time.perf_counter(), first_batch
        data.order_of(loader).set_position(epoch, first_batch)
        batches_done = first_batch
        generator.train()
        discriminator.train()
        for real, _ in loader:  # the labels are not needed
            real = data.to_device(real, device)
            latent = torch.randn(len(real), task.LATENT, device=device)
            drawn = generator(latent)  # with its graph: the generator learns through these very images below

            # ---- the discriminator: real scans up, drawn ones down ---------------------------------------------------
            # Not only its own last step's: the generator's backward below has left gradients here, too, on its way through.
            discriminator_optimizer.zero_grad()
            real.requires_grad_(config.r1 > 0)  # for the slope at these images
            real_logits = discriminator(real)
            # detach: this loss ends at the images. Without it, backward would go on into the generator and free the graph
            # that its own step needs: "Trying to backward through the graph a second time". The popular remedy,
            # retain_graph=True, silences that, and computes gradients of the generator that nobody uses.
            drawn_logits = discriminator(drawn.detach())
            discriminator_loss = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
            discriminator_loss = discriminator_loss + F.binary_cross_entropy_with_logits(
                drawn_logits, torch.zeros_like(drawn_logits)
            )
            if config.r1:
                # A steep discriminator leaves the generator without a direction: its slope at real scans is kept low (R1).
                # Here a graph is walked twice, by grad and again by backward, so it has to be kept: create_graph does so.
                (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
                discriminator_loss = discriminator_loss + config.r1 / 2 * slope.square().flatten(1).sum(1).mean()
            discriminator_loss.backward()
            discriminator_optimizer.step()

            # ---- the generator: what it drew, up ---------------------------------------------------------------------
            generator_optimizer.zero_grad()
            # Asked again, after its step: the logits from above belong to weights that are no more, and backward through
            # them would raise, with retain_graph=True, too ("modified by an inplace operation").
            logits = discriminator(drawn)
            # -log D(G(z)), not log(1 - D(G(z))): where the discriminator is sure, as at the start, the latter is flat.
            generator_loss = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
            generator_loss.backward()  # through the discriminator into the generator; only the latter's are stepped
            generator_optimizer.step()

            step += 1
            batches_done += 1
            losses.append(torch.stack([discriminator_loss.detach(), generator_loss.detach()]))  # no sync
            if step == config.stop_at:
                save(epoch, batches_done)
                print(f"stopped after step {step}; --resume goes on from there, in {run.folder}")
                run.close(final=None)
                return 0
            mid_epoch = batches_done < len(loader)  # the last step of an epoch is saved after it was looked at
            if config.save_every and step % config.save_every == 0 and mid_epoch:
                save(epoch, batches_done)

        # ---- look, remember, keep ------------------------------------------------------------------------------------
        discriminator_mean, generator_mean = torch.stack(losses).mean(0).tolist()  # one sync an epoch
        seconds = time.perf_counter() - started
        if not math.isfinite(discriminator_mean + generator_mean):
            raise UserError(f"a loss up to step {step} is not finite; the last checkpoint is whole. Lower --lr")
        images = draw(generator, fixed)
        # The losses say who is ahead, not how good the digits are: two bad networks can balance as well as two good ones.
        scores = {f"val_{name}": value for name, value in judge.read(images).items()}
        score = scores["val_confident"] * scores["val_classes"]  # a generator that draws perfect ones alone is no good
        is_best = best is None or score > best
        best = score if is_best else best
        row = {"epoch": epoch + 1, "step": step, "discriminator_loss": discriminator_mean, "generator_loss": generator_mean}
        rate = (batches_done - batches_before) * config.batch_size / seconds
        run.add_history({**row, **scores, "seconds": round(seconds, 3), "samples_per_second": round(rate, 1)})
        task.draw_grid(images[:64], run.folder / "frames" / f"epoch-{epoch + 1:04d}.png")
        print(
            f"epoch {epoch + 1:>3}/{config.epochs}  discriminator {discriminator_mean:.3f}  generator {generator_mean:.3f}  "
            f"read {scores['val_confident']:.1%} of {len(images)}, {scores['val_classes']} of 10 digits",
            flush=True,
        )
        losses, first_batch = [], 0
        save(epoch + 1, 0, is_best)

    task.join_frames(run.folder)
    last = run.last_row()
    final = {name: last[name] for name in last if name.startswith("val_")}
    run.close(final)
    print(f"run folder {run.folder}; open {run.folder / 'report.html'}")
    print(f"final {json.dumps(final)}")
    return 0


if __name__ == "__main__":  # where processes are spawned (macOS, Windows), each loader worker imports this file again
    with clear_errors():  # what you can mend is said in one line
        raise SystemExit(train(read_settings(Config, {}, task.NAME)))
