"""Each event: when it fires, at which line, of whom."""

from __future__ import annotations

import pytest
import torch

from tests.tap.hearing import hear, kinds, places


def test_a_step_is_heard_line_by_line():
    assert places(
        """
        opt.zero_grad()
        out = model(x)
        loss = F.mse_loss(out, y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        """
    ) == [("zero-grad", 1), ("forward", 2), ("loss", 3), ("backward", 4), ("clip", 5), ("step", 6)]


def test_a_call_over_several_lines_is_at_its_first():
    assert places(
        """
        loss = F.mse_loss(
            model(
                x
            ),
            y,
        )
        (loss
            .backward(
        ))
        """
    ) == [("forward", 2), ("loss", 1), ("backward", 7)]


def test_the_place_is_the_users_line_inside_a_helper():
    assert places(
        """
        def update():
            F.mse_loss(model(x), y).backward()
            opt.step()
        update()
        """
    ) == [("forward", 2), ("loss", 2), ("backward", 2), ("step", 3)]


def test_a_forward_hides_what_is_inside_it():
    heard = kinds(
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = model
            def forward(self, x, y):
                with torch.no_grad():
                    self.body(x)
                return F.mse_loss(self.body(x), y)
        net = Net()
        net(x, y).backward()
        """
    )
    assert heard == ["forward", "backward"]


def test_forward_says_mode_graph_and_owners():
    events = hear(
        """
        model.eval()
        with torch.no_grad():
            model(x)
        """
    )
    forward = next(e for e in events if e.kind == "forward")
    assert dict(forward.facts) == {"training": False, "grad": False, "minds": "nothing"}  # a linear layer
    assert [ref.label for ref in forward.of or ()] == ["SGD"]


def test_eval_and_train_are_heard_once_for_the_whole_model():
    assert places("model.eval()\nmodel.train()\nmodel.train(False)\n") == [
        ("eval-mode", 1),
        ("train-mode", 2),
        ("eval-mode", 3),
    ]


def test_a_loss_module_is_a_loss_and_no_model():
    events = hear("nn.MSELoss(reduction='sum')(model(x), y)\n")
    assert [(e.kind, e.what.role if e.what else None) for e in events] == [("forward", "model"), ("loss", "loss")]
    assert events[1].facts["mean"] is False


def test_recording_is_heard_where_the_user_turns_it():
    assert places(
        """
        @torch.no_grad()
        def evaluate():
            return model(x)
        evaluate()
        with torch.inference_mode():
            pass
        with torch.enable_grad():
            pass
        with torch.set_grad_enabled(False):
            pass
        torch.set_grad_enabled(False)
        torch.set_grad_enabled(True)
        opt.step()
        """
    ) == [
        ("grad-off", 4), ("forward", 3), ("grad-on", 4),
        ("grad-off", 5), ("grad-on", 5),
        ("grad-off", 9), ("grad-on", 9),
        ("grad-off", 11), ("grad-on", 12),
        ("step", 13),
    ]  # fmt: skip


def test_set_grad_enabled_as_a_decorator():
    heard = places(
        """
        @torch.set_grad_enabled(False)
        def evaluate():
            return model(x)
        evaluate()
        """
    )
    assert heard[-3:] == [("grad-off", 4), ("forward", 3), ("grad-on", 4)]
    assert [kind for kind, _ in heard[:-3]] == ["grad-off", "grad-on"]  # it does turn it off and on while decorating


def test_a_backward_reaches_those_whose_gradients_it_fills():
    events = hear(
        """
        other = nn.Linear(4, 1)
        second = torch.optim.Adam(other.parameters())
        F.mse_loss(model(x), y).backward()
        F.mse_loss(other(torch.relu(model[0](x))), y).backward()
        F.mse_loss(other(torch.relu(model[0](x)).detach()), y).backward()
        torch.autograd.grad(F.mse_loss(model(x), y), list(model.parameters()))
        torch.autograd.backward([F.mse_loss(other(torch.zeros(4, 4)), y)])
        torch.randn(2, requires_grad=True).sum().backward()
        """
    )
    reached = [[ref.label for ref in e.of or ()] for e in events if e.kind == "backward"]
    assert reached == [["SGD"], ["SGD", "Adam"], ["Adam"], [], ["Adam"], []]


def test_a_backward_is_seen_with_gradients_kept_zeroed_or_graphed():
    events = hear(
        """
        F.mse_loss(model(x), y).backward()
        F.mse_loss(model(x), y).backward()
        opt.zero_grad(set_to_none=False)
        F.mse_loss(model(x), y).backward(create_graph=True)
        F.mse_loss(model(x), y).backward()
        """
    )
    assert [len(e.of or ()) for e in events if e.kind == "backward"] == [1, 1, 1, 1]


def test_loaders_say_their_passes():
    code = """
    from torch.utils.data import DataLoader, TensorDataset
    loader = DataLoader(TensorDataset(x, y), batch_size=2)
    for a, b in loader:
        a + b
    for i, batch in enumerate(loader):
        break
    it = iter(loader)
    next(it)
    """
    begin_to_end = [("pass-begin", 3), ("batch", 3), ("batch", 3), ("pass-end", 3)]
    assert places(code) == [("made", 2), *begin_to_end, ("pass-begin", 5), ("batch", 5), ("pass-begin", 7), ("batch", 8)]


def test_what_fetches_a_batch_is_not_heard():
    assert kinds(
        """
        from torch.utils.data import DataLoader
        class Points:
            def __len__(self): return 2
            def __getitem__(self, i): return model(x[i]).detach()
        for _ in DataLoader(Points()): pass
        """
    ) == ["made", "pass-begin", "batch", "batch", "pass-end"]


@pytest.mark.skipif(torch.multiprocessing.get_start_method() != "fork", reason="the data set lives in a string")
def test_workers_are_not_heard():
    code = """
    from torch.utils.data import DataLoader
    class Points:
        def __len__(self): return 2
        def __getitem__(self, i): return F.mse_loss(x[i], x[i])
    for _ in DataLoader(Points(), num_workers=1): pass
    """
    assert kinds(code) == ["made", "pass-begin", "batch", "batch", "pass-end"]


def test_a_loader_says_its_order_and_what_it_leaves_out():
    code = """
    from torch.utils.data import DataLoader, DistributedSampler, SequentialSampler, TensorDataset
    class Own(TensorDataset): pass
    rows = TensorDataset(x, y)
    sampler = DistributedSampler(rows, num_replicas=2, rank=0)
    sampler.set_epoch(1)
    for loader in (
        DataLoader(rows, batch_size=3, drop_last=True), DataLoader(rows, shuffle=True), DataLoader(Own(x)),
        DataLoader(rows, sampler=SequentialSampler(rows)), DataLoader(rows, sampler=sampler),
    ):
        iter(loader)
    """
    events = hear(code)
    assert [e.facts["shuffles"] for e in events if e.kind == "made" and e.what.role == "sampler"] == [True]
    assert [e.facts["drops"] for e in events if e.kind == "made" and e.what.role == "loader"] == [True] + [False] * 4
    passes = [e for e in events if e.kind == "pass-begin"]
    assert [e.facts.get("order") for e in passes] == ["stored", "shuffled", None, None, None]
    told = [e.what for e in events if e.kind == "set-epoch"]
    assert [e.of for e in passes] == [(), (), (), (), tuple(told)]


def test_a_closure_runs_before_its_step():
    events = hear(
        """
        lbfgs = torch.optim.LBFGS(model.parameters(), max_iter=2)
        def closure():
            lbfgs.zero_grad()
            loss = F.mse_loss(model(x), y)
            loss.backward()
            return loss
        lbfgs.step(closure)
        """
    )
    turn = ["zero-grad", "forward", "loss", "backward"]
    heard = [e.kind for e in events]
    assert heard[0] == "made"
    assert heard[1:-1] == turn * ((len(heard) - 2) // 4)
    assert heard[-1] == "step"
    assert events[-1].facts["closure"] is True


def test_a_step_that_raises_is_no_step_and_harms_no_later_one():
    assert kinds(
        """
        def closure():
            raise ValueError
        try:
            torch.optim.SGD(model.parameters(), lr=1.0).step(closure)
        except ValueError:
            pass
        opt.step()
        """
    ) == ["made", "step"]


def test_a_scaler_is_heard_and_what_it_skips_is_opaque():
    events = hear(
        """
        scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
        scaler.scale(F.mse_loss(model(x), y)).backward()
        scaler.unscale_(opt)
        scaler.step(opt)
        scaler.update()
        opt.zero_grad()
        (scaler.scale(F.mse_loss(model(x * float("inf")), y)) / 2).backward()
        scaler.step(opt)
        scaler.update()
        """
    )
    heard = [e.kind for e in events if e.kind not in ("forward", "loss")]
    assert heard == [
        "made", "scale", "backward", "unscale", "step", "scaler-update",
        "zero-grad", "scale", "backward", "opaque", "scaler-update",
    ]  # fmt: skip
    assert [e.facts.get("scaled") for e in events if e.kind == "backward"] == [True, True]


def test_a_backward_beside_a_scaler_is_known_to_be_unscaled():
    events = hear(
        """
        scaler = torch.amp.GradScaler("cpu")
        scaler.scale(F.mse_loss(model(x), y))
        F.mse_loss(model(x), y).backward()
        """
    )
    assert events[-1].facts["scaled"] is False


def test_a_disabled_scaler_is_no_scaler():
    assert kinds(
        """
        scaler = torch.amp.GradScaler("cpu", enabled=False)
        scaler.scale(F.mse_loss(model(x), y)).backward()
        scaler.step(opt)
        scaler.update()
        """
    ) == ["forward", "loss", "backward", "step"]


def test_schedulers_are_heard_once_and_their_constructors_and_children_never():
    events = hear(
        """
        from torch.optim import lr_scheduler as s
        warm = s.LinearLR(opt, total_iters=2)
        cosine = s.CosineAnnealingLR(opt, T_max=7)
        both = s.SequentialLR(opt, [warm, cosine], milestones=[2])
        chained = s.ChainedScheduler([s.ConstantLR(opt), s.ExponentialLR(opt, 0.9)])
        plateau = s.ReduceLROnPlateau(opt)
        opt.step()
        both.step()
        chained.step()
        plateau.step(1.0)
        s.CosineAnnealingWarmRestarts(opt, 3).step()
        """
    )
    assert [e.what.label for e in events if e.kind == "schedule" and e.what] == [
        "SequentialLR", "ChainedScheduler", "ReduceLROnPlateau", "CosineAnnealingWarmRestarts",
    ]  # fmt: skip
    made = {e.what.label: e for e in events if e.kind == "made" and e.what}
    assert made["CosineAnnealingLR"].facts["length"] == 7
    parts = {"SequentialLR": ["LinearLR", "CosineAnnealingLR"], "ChainedScheduler": ["ConstantLR", "ExponentialLR"]}
    for label, event in made.items():
        assert event.of is not None
        assert [ref.label for ref in event.of] == ["SGD", *parts.get(label, [])]


def test_a_scheduler_class_of_the_users_is_heard():
    assert places(
        """
        class Halve(torch.optim.lr_scheduler.LRScheduler):
            def get_lr(self):
                return [g["lr"] / 2 for g in self.optimizer.param_groups]
            def step(self, epoch=None):
                super().step()
        s = Halve(opt)
        opt.step()
        s.step()
        """
    ) == [("made", 6), ("step", 7), ("schedule", 8)]


def test_an_optimizer_class_of_the_users_is_made_where_it_is_called():
    assert places(
        """
        class Mine(torch.optim.SGD):
            def __init__(self, params):
                super().__init__(params, lr=0.1)
        Mine(model.parameters()).step()
        """
    ) == [("made", 4), ("step", 4)]


def test_an_optimizer_around_an_optimizer_is_one():
    events = hear(
        """
        class Lookahead(torch.optim.Optimizer):
            def __init__(self, inner):
                self.inner = inner
                super().__init__(inner.param_groups, {})
                self.param_groups = inner.param_groups
            def step(self, closure=None):
                return self.inner.step(closure)
        outer = Lookahead(opt)
        outer.step()
        opt.zero_grad()
        """
    )
    assert [(e.kind, e.what.label) for e in events if e.what] == [
        ("made", "Lookahead"), ("step", "Lookahead"), ("zero-grad", "Lookahead"),
    ]  # fmt: skip


def test_a_hook_that_steps_inside_the_backward_is_heard_after_its_backward():
    events = hear(
        """
        each = {p: torch.optim.SGD([p], lr=0.1) for p in model.parameters()}
        def hook(p):
            each[p].step()
            each[p].zero_grad()
        for p in model.parameters():
            p.register_post_accumulate_grad_hook(hook)
        F.mse_loss(model(x), y).backward()
        """
    )
    story = [e.kind for e in events if e.kind in ("backward", "step", "zero-grad")]
    assert story == ["backward", "step", "zero-grad"] * 4 + ["backward"]


def test_clip_says_whose_gradients_and_takes_generators():
    events = hear(
        """
        from torch.nn.utils import clip_grad_norm_
        other = torch.optim.Adam(nn.Linear(2, 2).parameters())
        F.mse_loss(model(x), y).backward()
        clip_grad_norm_(model.parameters(), 1e-9)
        assert sum(p.grad.norm() for p in model.parameters()) < 1e-7
        clip_grad_norm_([p for g in other.param_groups for p in g["params"]], 1.0)
        """
    )
    assert [[r.label for r in e.of or ()] for e in events if e.kind == "clip"] == [["SGD"], ["Adam"]]


def test_names_imported_before_the_tap_are_heard():
    start = """
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
model = nn.Linear(2, 1)
model(torch.ones(1, 2)).sum().backward()
"""
    events = hear("clip_grad_norm_(model.parameters(), 1.0)\nclip_grad_value_(model.parameters(), 1.0)\n", start)
    assert [e.kind for e in events] == ["clip", "clip"]


def test_save_and_load_and_moving(tmp_path):
    assert places(
        f"""
        model.to("cpu")
        torch.save(model.state_dict(), r"{tmp_path / "m.pt"}")
        torch.load(r"{tmp_path / "m.pt"}")
        """
    ) == [("to-device", 1), ("save", 2), ("load", 3)]


def test_a_checkpointed_backward_runs_forwards_that_are_not_heard():
    assert kinds(
        """
        from torch.utils.checkpoint import checkpoint
        class Net(nn.Module):
            def forward(self, x):
                return checkpoint(model, x, use_reentrant=False)
        Net()(x).sum().backward()
        """
    ) == ["forward", "backward"]


def test_another_thread_is_not_heard():
    assert (
        kinds(
            """
        import threading
        t = threading.Thread(target=lambda: model(x))
        t.start(); t.join()
        """
        )
        == []
    )


def test_a_loader_of_a_stream_is_made_as_ever():
    code = """
    from torch.utils.data import DataLoader, IterableDataset
    class Stream(IterableDataset):
        def __iter__(self): return iter([1.0, 2.0])
    class Odd:
        def __len__(self): raise RuntimeError("not yet")
        def __getitem__(self, i): return i
    for _ in DataLoader(Stream()): pass
    try:
        DataLoader(Odd(), drop_last=True)
    except RuntimeError:
        pass
    """
    made = [e for e in hear(code) if e.kind == "made"]
    assert [dict(e.facts) for e in made] == [{"workers": 0}, {"workers": 0}]


def test_optimizers_of_the_same_parameters_step_and_clear_for_each_other():
    events = hear(
        """
        other = torch.optim.Adam(model[0].parameters())
        third = torch.optim.Adam(nn.Linear(2, 2).parameters())
        F.mse_loss(model(x), y).backward()
        opt.step()
        other.zero_grad()
        third.step()
        """
    )
    told = [(e.kind, [ref.label for ref in e.of or ()]) for e in events if e.kind in ("step", "zero-grad")]
    assert told == [("step", ["SGD", "Adam"]), ("zero-grad", ["Adam", "SGD"]), ("step", ["Adam"])]
