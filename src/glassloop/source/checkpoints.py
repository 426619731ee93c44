"""Checkpoints: whose state goes into a file, what is read back, and which processes write."""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from glassloop import events
from glassloop.events import Ref
from glassloop.source import conditions
from glassloop.source.arithmetic import key_of
from glassloop.source.player import Player
from glassloop.source.replacing import reallocated
from glassloop.source.values import (
    NONE,
    Const,
    External,
    Function,
    Module,
    Optimizer,
    Scaler,
    Scheduler,
    Scope,
    Seq,
    Table,
    Tensor,
    Unknown,
    Value,
)

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]
Stateful = (Module, Optimizer, Scheduler, Scaler)

RANK: Hashable = "rank of this process"
RANKS = frozenset(["RANK", "LOCAL_RANK", "GROUP_RANK", "SLURM_PROCID", "SLURM_LOCALID", "OMPI_COMM_WORLD_RANK"])
# An unknown thing of these kinds may hold the state of anything.
STATEFUL = frozenset(["state", "attr", "member", "parameter", "item", "loaded", "result", "object"])
# An unknown answer of these kinds may be about the process that asks.
ASKED = frozenset(["call", "result", "attr", "member", "parameter", "item", "global", "class", "joined", "hasattr"])


@dataclass(eq=False)
class State(Value):
    """x.state_dict()."""

    of: Value


def state_dict(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """The state of a model, optimizer, schedule or scaler."""
    return State(me)


def load_state_dict(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """State that came out of a file is put back."""
    given = args[0] if args else kwargs.get("state_dict", NONE)
    assign = kwargs.get("assign")
    if isinstance(me, Module) and isinstance(assign, Const) and assign.value:
        reallocated(p, me, at)
    if isinstance(given, Unknown) and isinstance(me, Stateful) and _came_from(given.key) is not None:
        p.say(events.RESTORE, at, me.ref, ())
    return Unknown(("call", conditions.site(*at)))


def _came_from(key: Hashable) -> Hashable | None:
    """The load that an unknown thing is a part of."""
    while isinstance(key, tuple) and key:
        if key[0] == "loaded":
            return key
        if key[0] not in ("item", "attr") or len(key) < 2:
            return None
        key = key[1]
    return None


def load(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """torch.load."""
    flag = kwargs.get("weights_only")
    unsafe = {events.UNSAFE: "weights_only=False"} if isinstance(flag, Const) and flag.value is False else {}
    p.say(events.LOAD, at, None, (), **unsafe)
    loaded = Unknown(("loaded", conditions.site(*at), key_of(args[0] if args else kwargs.get("f", NONE))))
    p.loads.append((loaded, tuple(p.arms)))
    return loaded


def save(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """torch.save: whose state, whether that is all, whether it is read back, and whether every process writes it."""
    what = args[0] if args else kwargs.get("obj", NONE)
    file = args[1] if len(args) > 1 else kwargs.get("f", NONE)
    found: dict[Ref, None] = {}
    facts: dict[str, object] = {events.WHOLE: _collect(what, found)}
    facts[events.RESUMES] = any(_is_of(v, what, file) and _may_be(p, arms) for v, arms in p.loads)
    if p.group.joined and _by_everyone(p, file):
        facts[events.EVERYONE] = True
    p.say(events.SAVE, at, None, tuple(found), **facts)
    return NONE


def _collect(v: Value, found: dict[Ref, None]) -> bool:
    """Whose state is in a value; whether it cannot hold that of anything else."""
    if isinstance(v, State):
        v = v.of
    if isinstance(v, Stateful):
        found[v.ref] = None
        return True
    if isinstance(v, Unknown):
        number = v.plus != 0  # counted on from what was read: no state, whatever else is in the file that it came out of
        return number or not (isinstance(v.key, tuple) and v.key and v.key[0] in STATEFUL)
    if isinstance(v, (Table, Seq)):
        parts = list(v.items.values()) if isinstance(v, Table) else v.items
        known = [_collect(part, found) for part in parts]  # each of them, though one be unknown
        return all(known) and v.exact
    return isinstance(v, (Const, Tensor, External))


def _is_of(loaded: Unknown, what: Value, file: Value) -> bool:
    """Whether what is saved here is what is loaded there: the same file, or several of its items by their names."""
    key = loaded.key
    assert isinstance(key, tuple)
    if key[2] == key_of(file) and not (isinstance(file, Unknown) and "call" in str(file.key)[:8]):
        return True
    names = {repr(k) for k in what.items} if isinstance(what, Table) else set()
    return len(names & {n.strip("[]") for n in loaded.facts}) >= 2


def _may_be(p: Player, arms: tuple[tuple[conditions.Open, bool], ...]) -> bool:
    """Whether this path may have come through these arms, by what it has assumed since."""
    answers = ((None if c.how else p.known(c.key), c.negated, taken) for c, taken in arms)
    return all(known is None or (known != negated) == taken for known, negated, taken in answers)


# --- which process -------------------------------------------------------------------------------------------------------


def _by_everyone(p: Player, file: Value) -> bool:
    """Whether every process comes here and writes the same file; what may depend on the process is no yes."""
    path = list(_grounds(p, key_of(file)))
    if _of_rank(p, path) or (isinstance(file, Unknown) and not {"parameter", "call"}.isdisjoint(map(_word, path))):
        return False
    if any(_of_rank(p, list(_parts(key))) or _asks(p, key) for key in p.assumed):
        return False
    return not any(_of_rank(p, list(_parts(open_))) or _may_ask(p, open_) for open_ in p.guards)


def _parts(key: Hashable) -> Iterator[Hashable]:
    yield key
    if isinstance(key, (tuple, frozenset)):
        for part in key:
            yield from _parts(part)


def _grounds(p: Player, key: Hashable) -> Iterator[Hashable]:
    """The parts of a key with, for what a call gave, what it was given; what all processes met at depends on none."""
    seen: set[Hashable] = set(p.group.shared)
    pending = [key]
    while pending:
        part = pending.pop()
        if part in seen:
            continue
        seen.add(part)
        yield part
        inner: Iterable[Hashable] = part if isinstance(part, (tuple, frozenset)) else ()
        pending.extend(p.group.made_of.get(part, inner))


def _word(part: Hashable) -> str:
    return part if isinstance(part, str) else ""


def _of_rank(p: Player, parts: list[Hashable]) -> bool:
    return RANK in parts or any(part in p.group.ranks for part in parts)


def _may_ask(p: Player, c: conditions.Open) -> bool:
    return any(_may_ask(p, part) for part in c.parts) if c.how else _asks(p, c.key)


def _asks(p: Player, key: Hashable) -> bool:
    """Whether a question may be one about the process: an unknown answer, or a comparison for equality with one."""
    if not isinstance(key, tuple) or len(key) < 2 or key[0] == "site" or (key[0] == "cmp" and key[1] != "Eq"):
        return False
    kind = key[1][0] if isinstance(key[1], tuple) and key[1] else ""
    if isinstance(kind, tuple):
        kind = kind[0] if kind else ""
    if kind == "call" and key[1] in p.group.made_of:
        return not ASKED.isdisjoint(map(_word, _grounds(p, p.group.made_of[key[1]])))
    number = key[0] in ("eq", "in") and not (len(key) > 2 and isinstance(key[2], str))
    return kind in ASKED or (kind == "argument" and number) or key[0] == "cmp"


def _joined(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """init_process_group."""
    if not p.group.joined:
        p.group.joined = True
        p.say(events.JOINED, at, None, ())
    _mark(p, kwargs.get("rank"))
    for met in (kwargs.get("store"), kwargs.get("init_method"), *args[1:2]):
        if isinstance(met, Unknown):
            p.group.shared |= {part for part in _grounds(p, key_of(met)) if _is_thing(part)}
    return NONE


def _is_thing(part: Hashable) -> bool:
    return isinstance(part, tuple) and len(part) > 1 and isinstance(part[0], str)


def _mark(p: Player, v: Value | None) -> None:
    if isinstance(v, Unknown):
        p.group.ranks.add(v.key)


def mark_devices(p: Player, kwargs: Kwargs) -> None:
    """DistributedDataParallel(model, device_ids=[n]): n says which process this is."""
    given = kwargs.get("device_ids")
    for v in given.items if isinstance(given, Seq) else ():
        _mark(p, v)


def _device_of_rank(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    _mark(p, args[0] if args else kwargs.get("device"))
    return NONE


def _rank(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Unknown((RANK,))


def _is_initialized(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Const(True) if p.group.joined else Unknown(("joined",))


def environment(name: Value) -> Value | None:
    """os.environ[name], where that says which process this is."""
    return Unknown((RANK,)) if isinstance(name, Const) and name.value in RANKS else None


def _environ(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    return (environment(args[0]) if args else None) or Unknown(("environment", tuple(map(key_of, args[:1]))))


def _started(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    p.group.forks = True
    return NONE


def _spawn(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """torch.multiprocessing.spawn: the function runs in every process, and gets its rank first."""
    from glassloop.source.calls import call, unknown_call

    f = args[0] if args else kwargs.get("fn")
    rest = args[1] if len(args) > 1 else kwargs.get("args", Seq([]))
    if not isinstance(f, Function) or not isinstance(rest, Seq):
        return unknown_call(p, f, args, kwargs, at)
    call(p, f, [Unknown((RANK,)), *rest.items], {}, at)
    return NONE


def _path(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """A path is known by its parts."""
    return Unknown(("path", tuple(map(key_of, args)))) if args else Unknown(("call", conditions.site(*at)))


CHECKPOINTS: dict[str, Callable[[Player, Args, Kwargs, At], Value]] = {
    "torch.save": save,
    "torch.load": load,
    "torch.serialization.save": save,
    "torch.serialization.load": load,
    "torch.distributed.init_process_group": _joined,
    "torch.distributed.get_rank": _rank,
    "torch.distributed.is_initialized": _is_initialized,
    **dict.fromkeys(("torch.distributed.get_node_local_rank", "torch.distributed.get_group_rank"), _rank),
    "torch.cuda.current_device": _rank,
    "torch.cuda.set_device": _device_of_rank,
    "torch.multiprocessing.spawn": _spawn,
    "torch.multiprocessing.spawn.spawn": _spawn,
    "torch.multiprocessing.set_start_method": _started,
    "multiprocessing.set_start_method": _started,
    "os.environ.get": _environ,
    "os.getenv": _environ,
    "os.path.join": _path,
    "pathlib.Path": _path,
}
