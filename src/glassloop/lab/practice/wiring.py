"""Wire up a DataLoader: the answer is its arguments, tried by building it and reading it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from glassloop.errors import UserError
from glassloop.lab.practice.question import Question, Verdict
from glassloop.lab.practice.stage import Stage


@dataclass(frozen=True)
class LoaderQuestion(Question):
    """`holds`: (what is wanted, an expression over `loader`, `build`, `passes(n)`) that a right answer makes true."""

    holds: tuple[tuple[str, str], ...]
    right: str
    wrong: str

    @property
    def kind(self) -> str:
        """loader"""
        return "loader"

    @property
    def form(self) -> str:
        """How an answer is written."""
        return "the arguments after the dataset, as you would type them: batch_size=8, ..."

    def read(self, answer: str) -> str:
        """The arguments, if that is what they are."""
        try:
            call = ast.parse(f"DataLoader(dataset, {answer})", mode="eval").body
        except (SyntaxError, ValueError) as error:
            reason = error.msg if isinstance(error, SyntaxError) else error
            raise UserError(f"{answer!r} cannot be the arguments of a call ({reason}); write name=value, ...") from None
        if not isinstance(call, ast.Call) or ast.unparse(call.func) != "DataLoader":
            raise UserError(f"{answer!r} is more than arguments; write name=value, ...")
        return answer

    def judge(self, answer: str, stage: Stage) -> Verdict:
        """Builds the loader and reads it."""
        shown = stage("loaded", self.code, self.read(answer), self.holds)
        if "broken" in shown:
            return Verdict(False, f"The loader could not be tried: {shown['broken']}.", shown)
        if shown["raised"]:
            return Verdict(False, f"It raises {shown['raised']['type']}: {shown['raised']['message']}", shown)
        first = str(shown["batches"])
        first = first if len(first) < 200 else first[:200] + " ..."
        if shown["failed"]:
            return Verdict(False, f"This does not hold: {shown['failed']}. A pass gave {first}", shown)
        return Verdict(True, f"All of it holds. A pass gave {first}", shown)

    def solve(self, stage: Stage) -> str:
        """The arguments that were written with the question."""
        return self.right

    def miss(self, stage: Stage) -> str:
        """What is often written instead."""
        return self.wrong


TEN = """\
import torch

dataset = list(range(10))
"""
NINE = TEN.replace("10", "9")
LENGTHS = """\
import torch
from torch.nn.utils.rnn import pad_sequence

dataset = [torch.arange(1, n + 1) for n in (3, 5, 2, 4)]


def pad(rows):
    return pad_sequence(rows, batch_first=True)
"""
RARE = """\
import torch
from torch.utils.data import RandomSampler, WeightedRandomSampler

labels = [0] * 90 + [1] * 10
dataset = labels
"""
BATCHES = """\
import torch


class Batches(torch.utils.data.Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        if index >= 3:
            raise IndexError
        return torch.arange(4) + 4 * index  # a whole batch at once


dataset = Batches()
"""
SPLIT = """\
import torch
from torch.utils.data import SubsetRandomSampler

dataset = list(range(10))
training = [0, 1, 2, 3, 4, 5, 6, 7]  # 8 and 9 are held out
"""
RANKS = """\
import torch
from torch.utils.data import DistributedSampler

dataset = list(range(12))
"""
KEEP = """\
import torch


class Squares(torch.utils.data.Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return index * index


dataset = Squares()
"""

ALL = "sorted(x for batch in passes(1)[0] for x in batch)"

# (name, level, what is given, what is asked, ((wanted, expression), ...), right, wrong, about)
WIRINGS = (
    (
        "train", 1, TEN, "A training loader: batches of 4, every sample in every epoch, another order in each.",
        (
            ("every sample is seen once in an epoch", f"{ALL} == list(range(10))"),
            ("batches have 4 samples", "max(map(len, passes(1)[0])) == 4"),
            ("the order changes from epoch to epoch", "len(set(map(str, passes(5)))) > 1"),
        ),
        "batch_size=4, shuffle=True", "batch_size=4", ("train-data-not-shuffled", "batch"),
    ),
    (
        "validation", 1, TEN, "A validation loader: batches of 4, every sample once, always in the same order.",
        (
            ("every sample is seen once in a pass", f"{ALL} == list(range(10))"),
            ("batches have 4 samples", "max(map(len, passes(1)[0])) == 4"),
            ("the order stays", "len(set(map(str, passes(4)))) == 1"),
        ),
        "batch_size=4", "batch_size=4, drop_last=True", ("validation-drops-last", "batch"),
    ),
    (
        "no-single", 2, NINE,
        "A shuffled training loader with batches of 4 for a model with batch-norm, which refuses a batch of one sample.",
        (
            ("no batch has a single sample", "all(len(batch) > 1 for batch in passes(1)[0])"),
            ("batches have 4 samples", "max(map(len, passes(1)[0])) == 4"),
            ("the order changes from epoch to epoch", "len(set(map(str, passes(5)))) > 1"),
        ),
        "batch_size=4, shuffle=True, drop_last=True", "batch_size=4, shuffle=True", ("batch",),
    ),
    (
        "repeatable", 3, TEN,
        "A shuffled loader (batches of 5) whose epochs differ, and which gives the same epochs again when it is built "
        "again, whatever else draws random numbers in between.",
        (
            ("two loaders built the same way give the same epochs",
             "[plain(build()), torch.rand(3), plain(build())][::2] == [plain(build())] * 2"),
            ("its epochs differ", "len(set(map(str, passes(5)))) > 1"),
            ("every sample is seen once in an epoch", f"{ALL} == list(range(10))"),
        ),
        "batch_size=5, shuffle=True, generator=torch.Generator().manual_seed(0)", "batch_size=5, shuffle=True",
        ("seed-missing", "batch"),
    ),
    (
        "pad", 3, LENGTHS,
        "Sequences of different lengths, two to a batch, in order: rows are padded with zeros to the longest.",
        (("a batch is one tensor, padded", "passes(1)[0][0] == [[1, 2, 3, 0, 0], [1, 2, 3, 4, 5]]"),),
        "batch_size=2, collate_fn=pad", "batch_size=2", ("batch",),
    ),
    (
        "held-out", 3, SPLIT,
        "A loader over the training part alone (the indices in `training`), batches of 4, reordered each epoch.",
        (
            ("exactly the training samples are seen", f"{ALL} == training"),
            ("batches have 4 samples", "max(map(len, passes(1)[0])) == 4"),
            ("the order changes from epoch to epoch", "len(set(map(str, passes(5)))) > 1"),
        ),
        "batch_size=4, sampler=SubsetRandomSampler(training)", "batch_size=4, sampler=training",
        ("train-validation-overlap", "batch"),
    ),
    (
        "rare", 4, RARE,
        "One sample in ten is of class 1. Batches of 10, and over an epoch of 100 both classes about equally often.",
        (
            ("an epoch has 100 samples", "all(sum(map(len, p)) == 100 for p in passes(3))"),
            ("class 1 is 35 to 65 of 100, on average of 20 epochs",
             "35 < sum(x for p in passes(20) for batch in p for x in batch) / 20 < 65"),
        ),
        "batch_size=10, sampler=WeightedRandomSampler([1 / 9 if y == 0 else 1.0 for y in labels], 100)",
        "batch_size=10, shuffle=True", ("batch",),
    ),
    (
        "whole-batches", 4, BATCHES, "The dataset hands over whole batches already. Pass them on as they are.",
        (("a pass gives the dataset's three batches", "passes(1)[0] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]"),),
        "batch_size=None", "batch_size=1", ("batch",),
    ),
    (
        "rank", 4, RANKS,
        "This process is rank 1 of 2. Batches of 3; it must see its own half, reordered by the epoch it is told.",
        (
            ("this rank sees 6 samples", "sum(map(len, passes(1)[0])) == 6"),
            ("they are rank 1's", "loader.sampler.rank == 1 and loader.sampler.num_replicas == 2"),
            ("another epoch is another order",
             "len({(loader.sampler.set_epoch(e), str(plain(loader)))[1] for e in range(4)}) > 1"),
        ),
        "batch_size=3, sampler=DistributedSampler(dataset, num_replicas=2, rank=1)",
        "batch_size=3, sampler=DistributedSampler(dataset, num_replicas=2, rank=0)", ("sampler-epoch-not-set", "batch"),
    ),
    (
        "workers", 4, KEEP, "Two worker processes that are kept from one epoch to the next; batches of 2, in order.",
        (
            ("two workers", "loader.num_workers == 2"),
            ("the workers of the second epoch are the first epoch's",
             "len({str(plain([w.pid for w in (iter(loader), loader._iterator)[1]._workers])) for _ in range(2)}) == 1"),
            ("the squares come in order", "passes(1)[0] == [[0, 1], [4, 9], [16, 25], [36, 49]]"),
        ),
        "batch_size=2, num_workers=2, persistent_workers=True", "batch_size=2, num_workers=2", ("batch",),
    ),
)  # fmt: skip


def questions() -> Iterator[Question]:
    """All of them."""
    for name, level, given, ask, holds, right, wrong, about in WIRINGS:
        ask = f"Wire up DataLoader(dataset, ...). {ask}"
        yield LoaderQuestion(f"loader-{name}", level, ask, given, about, holds, right, wrong)
