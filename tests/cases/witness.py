"""Runs a case and looks at its tensors, so that a label rests on what happened and not on the order of calls.

    python tests/cases/witness.py [FILE_OR_FOLDER ...]      # prints each case whose evidence contradicts its labels

Evidence is (rule, line). It knows nothing of events or rules: it compares gradients before and after each call.
Three rules leave one-sided evidence, which other loops can leave as well (a GAN clears what the other player left; a
schedule counted in steps moves with each; a backward may reach parameters that no optimizer holds): it is asked for in
the bad files only. Torch is patched for the life of the
process.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import io
import random
import runpy
import sys
import warnings
from pathlib import Path

import torch
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_post_hook

sys.path.insert(0, str(Path(__file__).parent))
from labels import HERE, UNSEEN, Case, forget_accelerate, load, load_programs

# The rules whose mistake tensors show. Of the others nothing is asked: how a sum was meant, what was kept, shuffled, saved
# or waited for is not in the tensors of one run.
WITNESSED = {
    "zero-grad-missing", "zero-grad-between-backward-and-step", "zero-grad-breaks-accumulation", "backward-missing",
    "step-missing", "detached-loss", "clip-before-backward", "clip-after-step", "clip-before-unscale",
    "scheduler-per-batch", "scheduler-before-optimizer", "train-mode-missing", "no-grad-missing", "eval-mode-missing",
    "softmax-before-cross-entropy", "sigmoid-before-bce-with-logits", "modules-in-plain-list",
    "optimizer-stale-parameters",
}  # fmt: skip
ONE_SIDED = {
    "zero-grad-breaks-accumulation", "scheduler-per-batch", "softmax-before-cross-entropy", "detached-loss",
    "sigmoid-before-bce-with-logits", "eval-mode-missing", "modules-in-plain-list", "optimizer-stale-parameters",
}  # fmt: skip


class Forward:
    """One outermost call of a module: its line and mode, and what became of the graph it made."""

    def __init__(self, module: torch.nn.Module, line: int) -> None:
        minds = any(hasattr(m, "running_mean") or "Dropout" in type(m).__name__ for m in module.modules())
        self.line, self.training = line, module.training
        self.evaluating = minds and not module.training
        self.params = {id(p) for p in module.parameters()}
        self.read = self.trained = self.done = False


class Witness:
    """What was seen while one script ran. Parameters are held, so their ids stay theirs."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.paths = {str(path) for path in paths}
        self.optimizers: list[torch.optim.Optimizer] = []
        self.alive: set[int] = set()  # those of them that got numbers, none of them nought alone or not finite
        self.tried = False  # a scaler was asked to step, and may have skipped it
        self.reached: set[int] = set()  # parameters that a backward reached since their optimizer's last step
        self.in_vain = 0  # line of a backward since the last step that reached no optimizer's parameter
        self.used: set[int] = set()  # parameters whose present gradient a step has read
        self.stale: set[int] = set()  # parameters whose backward added to a gradient already read
        self.before: dict[int, torch.Tensor | None] = {}  # gradients at the last step, to tell a hand-made one
        self.lost: dict[int, int] = {}  # parameter -> line that cleared what a backward had made
        self.forwards: list[Forward] = []  # outermost calls that made a graph
        self.walking = False
        self.scaling = self.scaled = None  # the scaler that gave a loss; the one that the last backward began with
        self.called: dict[int, torch.nn.Parameter] = {}  # parameters of modules that ran
        self.validated: set[int] = set()  # parameters of modules that ran in evaluation mode without a graph
        self.depth = 0
        self.steps = 0
        self.first_reached: dict[int, int] = {}  # parameter -> line of the first backward that reached it
        self.stepped: set[int] = set()  # parameters that an optimizer has stepped
        self.schedule_calls: dict[int, list[int]] = {}
        self.given: tuple[object, ...] = ()  # what the call under way was given after its object
        self.evidence: set[tuple[str, int]] = set()

    def line(self) -> int:
        frame = sys._getframe(1)
        while frame and frame.f_code.co_filename not in self.paths:
            frame = frame.f_back
        return frame.f_lineno if frame else 0

    def parameters(self):
        return [p for o in self.optimizers for g in o.param_groups for p in g["params"]]

    def see(self, rule: str, line: int) -> None:
        self.evidence.add((rule, line))

    # -- what the patched calls report -------------------------------------------------------------------------

    def backward(self, call):
        old = {id(p): None if p.grad is None else p.grad.clone() for p in self.parameters()}
        line, self.walking = self.line(), True
        self.scaled, self.scaling = self.scaling, None
        try:
            result = call()
        finally:
            self.walking = False
        self.in_vain = line
        for p in self.parameters():
            was = old[id(p)]
            if id(p) in self.reached and (was is None or not was.any()):
                self.lost.setdefault(id(p), 0)  # cleared by hand, unheard
            if p.grad is None or (was is not None and torch.equal(was, p.grad)):
                continue
            self.in_vain = 0
            self.first_reached.setdefault(id(p), line)
            if was is not None and was.any() and id(p) in self.used:
                self.stale.add(id(p))
            self.used.discard(id(p))
            self.reached.add(id(p))
            grad = p.grad.coalesce().values() if p.grad.is_sparse else p.grad
            if grad.any() and grad.isfinite().all():
                self.alive.add(id(p))
        return result

    def clearing(self, params) -> None:
        for p in params:
            if id(p) in self.reached and p.grad is not None and p.grad.any():
                self.lost[id(p)] = self.line()
            self.stale.discard(id(p))
        for f in self.forwards:
            if f.params & {id(p) for p in params}:
                f.trained = False  # what it gave is gone (an attack's backward leaves some in the model)

    def step(self, optimizer) -> None:
        self.steps += 1
        params = [p for g in optimizer.param_groups for p in g["params"]]
        ids, line = {id(p) for p in params}, self.line()
        full = [p for p in params if p.grad is not None and p.grad.any()]
        lost = {self.lost[i] for i in ids if i in self.lost}
        if not full:
            if not ids & self.reached:
                self.see(*(("detached-loss", self.in_vain) if self.in_vain else ("backward-missing", line)))
            for where in (lost or {0}) if ids & self.alive else ():  # line 0: cleared by hand, unheard
                self.see("zero-grad-between-backward-and-step", where)
        elif not ids & self.reached and all(self.before.get(id(p)) is p.grad for p in full):
            self.see("backward-missing", line)
        elif lost:
            for where in lost:
                self.see("zero-grad-breaks-accumulation", where)
        if ids & self.stale:
            self.see("zero-grad-missing", line)
        for f in self.forwards:
            if f.trained and not f.done and f.evaluating and f.params & ids & self.reached:
                self.see("train-mode-missing", f.line)
                f.done = True
        self.stepped |= ids
        self.in_vain = 0
        self.before.update({id(p): p.grad for p in params})
        self.reached -= ids
        self.alive -= ids
        self.stale -= ids
        self.used |= ids
        self.lost = {i: where for i, where in self.lost.items() if i not in ids}

    def clip(self, params) -> None:
        full = [p for p in params if p.grad is not None and p.grad.any()]
        if not full:
            return self.see("clip-before-backward", self.line())
        if all(id(p) in self.used for p in full):
            return self.see("clip-after-step", self.line())
        if self.scaled is not None and self.scaled.is_enabled():
            for o in self.optimizers:
                held = {id(p) for g in o.param_groups for p in g["params"]}
                stage = self.scaled._per_optimizer_states[id(o)]["stage"].name
                if held & {id(p) for p in full} and stage == "READY":
                    self.see("clip-before-unscale", self.line())
        return None

    def schedule(self, scheduler) -> None:
        if sys._getframe(3).f_code.co_filename == torch.optim.lr_scheduler.__file__:
            return  # a constructor, or a schedule inside another
        if self.steps == 0 and (not self.given or hasattr(scheduler, "patience")):  # told the epoch, it skips nothing
            self.see("scheduler-before-optimizer", self.line())
        self.schedule_calls.setdefault(id(scheduler), []).append(self.line())

    def forward(self, module, args) -> None:
        self.depth += 1
        self.called.update({id(p): p for p in module.parameters(recurse=False)})
        if self.depth == 1:
            if module.training and not torch.is_grad_enabled():
                self.see("eval-mode-missing", self.line())
            self.outermost = Forward(module, self.line())
            self.outermost.evaluating &= bool(self.outermost.params & self.validated)

    def forward_end(self, module, args, out) -> None:
        self.depth -= 1
        if self.depth or not self.outermost.params:
            return
        record = self.outermost
        if not record.training and not torch.is_grad_enabled():
            self.validated |= record.params
        values = [out] if torch.is_tensor(out) else vars(out).values() if hasattr(out, "__dict__") else out
        for tensor in values:
            if torch.is_tensor(tensor) and tensor.requires_grad:
                self.forwards.append(record)
                tensor.register_hook(functools.partial(self.walked, record))

    def walked(self, record, grad) -> None:
        record.read = True
        record.trained = record.trained or self.walking  # autograd.grad reads a graph without training by it

    def loss(self, rule: str, given) -> None:
        low, high = given.min().item(), given.max().item()
        logs = high <= 0 and given.ndim > 1 and given.exp().sum(1).allclose(torch.ones(()))
        if (low >= 0 and high <= 1) or logs:
            self.see(rule, self.line())

    def close(self) -> None:
        held = {id(p) for p in self.parameters()}
        if any(p.grad is not None and i not in held for i, p in self.called.items()):
            self.see("modules-in-plain-list", 0)  # what is trained, and by no optimizer
            self.see("optimizer-stale-parameters", 0)
        for o in self.optimizers:
            ids = {id(p) for g in o.param_groups for p in g["params"]}
            lines = {self.first_reached[i] for i in ids if i in self.first_reached}
            if lines and not ids & self.stepped and not self.tried:
                self.see("step-missing", min(lines))
        unread = [f.line for f in self.forwards if not f.training and not f.read]
        for line in unread:
            if unread.count(line) > 1:  # a look at one batch is no validation
                self.see("no-grad-missing", line)
        for calls in self.schedule_calls.values():
            if len(calls) >= 4:
                self.see("scheduler-per-batch", calls[-1])


HEARD: Witness | None = None


def patch() -> None:
    """Send torch's calls to the witness of the moment."""

    def before(owner, name, tell):
        original = getattr(owner, name)

        @functools.wraps(original)
        def wrapper(*args, **kwargs):
            if HEARD is not None:
                if args and not isinstance(args[0], (torch.nn.Module, torch.Tensor)) and "clip" in name:
                    args = (list(args[0]), *args[1:])
                HEARD.given = args[1:]
                tell(HEARD, args[0])
            return original(*args, **kwargs)

        setattr(owner, name, wrapper)

    for name, rule in (
        ("cross_entropy", "softmax-before-cross-entropy"),
        ("binary_cross_entropy_with_logits", "sigmoid-before-bce-with-logits"),
    ):
        before(torch.nn.functional, name, lambda w, given, rule=rule: w.loss(rule, given.detach().float()))
    # What is compiled is the same mathematics, and a compiler would trace the witness as well.
    torch.compile = lambda model=None, **_: (lambda function: function) if model is None else model
    walk = torch.autograd.backward  # Tensor.backward ends here too
    torch.autograd.backward = lambda *a, **k: HEARD.backward(lambda: walk(*a, **k)) if HEARD else walk(*a, **k)
    before(torch.optim.Optimizer, "__init__", lambda w, o: w.optimizers.append(o))
    before(torch.amp.GradScaler, "scale", lambda w, s: setattr(w, "scaling", s))
    before(torch.amp.GradScaler, "step", lambda w, s: setattr(w, "tried", True))
    before(
        torch.optim.Optimizer, "zero_grad", lambda w, o: w.clearing([p for g in o.param_groups for p in g["params"]])
    )
    before(torch.nn.Module, "zero_grad", lambda w, m: w.clearing(list(m.parameters())))
    for name in ("clip_grad_norm_", "clip_grad_value_"):
        before(torch.nn.utils, name, lambda w, params: w.clip(params))
    for cls in vars(torch.optim.lr_scheduler).values():
        if isinstance(cls, type) and "step" in vars(cls) and hasattr(cls, "state_dict"):
            before(cls, "step", lambda w, s: w.schedule(s))
    register_optimizer_step_post_hook(lambda o, a, k: HEARD and HEARD.step(o))
    register_module_forward_pre_hook(lambda m, a: HEARD and HEARD.forward(m, a))
    register_module_forward_hook(lambda m, a, out: HEARD.forward_end(m, a, out) if HEARD else None)


def observe(main: Path, paths: tuple[Path, ...]) -> set[tuple[str, int]]:
    """Run the script, its output swallowed; the evidence names lines of `paths`. Raises what the script raises."""
    global HEARD
    HEARD = Witness(paths)
    forget_accelerate()
    random.seed(0)
    sys.argv = [str(main)]
    modules, path = set(sys.modules), list(sys.path)
    sys.path.insert(0, str(main.parent))
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runpy.run_path(str(main), run_name="__main__")
        HEARD.close()
        return HEARD.evidence
    finally:
        HEARD = None
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            if str(main.parent) in (getattr(sys.modules[name], "__file__", None) or ""):
                del sys.modules[name]  # the next program may have a module of the same name


def contradictions(case: Case, paths: tuple[Path, ...]) -> list[str]:
    """What the evidence says against the labels of this case."""
    seen = observe(case.path, paths)
    rules = {rule for rule, _ in case.expected}
    missing = {(r, line) for r, line in case.expected - seen if (r, 0) not in seen and r in WITNESSED}
    extra = {(r, n) for r, n in seen - case.expected if r not in ONE_SIDED and (n or r not in rules)}
    return [f"no evidence of {r} at {n}" for r, n in sorted(missing)] + [
        f"evidence of {r} at {n}, no label" for r, n in sorted(extra)
    ]


def main(folders: list[str]) -> int:
    torch.set_num_threads(1)
    sys.dont_write_bytecode = True
    patch()
    wrong = 0
    cases = [(c, (c.path,)) for f in folders or (HERE, UNSEEN) for c in load(f)]
    for p in [] if folders else load_programs():
        cases.append((Case(p.main, frozenset((rule, line) for _, rule, line in p.expected)), p.paths))
    for case, paths in cases:
        for line in contradictions(case, paths):
            wrong += 1
            print(f"{case.path.relative_to(HERE)}: {line}")
    print(f"{len(cases)} cases, {wrong} contradictions")
    return 1 if wrong else 0


if __name__ == "__main__":
    faulthandler.dump_traceback_later(400, exit=True)  # says where it hangs: it takes 45 s
    sys.exit(main(sys.argv[1:]))
