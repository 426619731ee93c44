"""Run folders written by the format's own page, so that an audit can be shown what no honest recorder would write."""

import json
import random
import struct
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from glassloop.record.ledger import Ledger

TRAIN, VAL = 0, 1


def digest_of(sample: object) -> str:
    """What stands for a sample's bytes: equal samples, equal digests."""
    return sha256(repr(sample).encode()).hexdigest()[:32]


def loader(number: int, split: str, length: int, **more: Any) -> dict[str, Any]:
    about: dict[str, Any] = {"loader": number, "split": split, "length": length, "sampler": "RandomSampler"}
    about |= {"batch_size": 10, "replacement": False, "drop_last": False}
    about |= {"seen": length, "digested": length, "again": 64, "changed": 0}
    return {**about, **more}


class Written:
    """A run of two loaders, 0 training and 1 validation; `samples` are (content, label) by index, of each."""

    def __init__(self, folder: Path, train: Sequence[tuple[Any, int | None]], val: Sequence[tuple[Any, int | None]]) -> None:
        self.folder = folder
        self.step = self.session = 0
        (folder / "data").mkdir(parents=True)
        self.order = open(folder / "order.bin", "wb")  # noqa: SIM115  # closed by `end`
        self.loaders = [loader(TRAIN, "train", len(train)), loader(VAL, "val", len(val))]
        for number, samples in ((TRAIN, train), (VAL, val)):
            rows = [{"i": i, "d": digest_of(x)} | ({} if y is None else {"y": y}) for i, (x, y) in enumerate(samples)]
            self.write_data(number, rows)
        self.run: dict[str, Any] = {
            "format": "glassloop-run/1", "started": "2026-01-01T00:00:00.000+00:00", "status": "finished", "exit_code": 0,
            "command": ["python", "train.py"], "seed": 3, "final": None, "sources": {}, "environment": {"torch": None},
            "sessions": [{"started": "", "status": "finished"}],
        }  # fmt: skip
        self.ledger = Ledger(folder / "ledger.jsonl")

    def write_data(self, number: int, rows: list[dict[str, Any]]) -> None:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (self.folder / "data" / f"loader-{number}.jsonl").write_text(lines)

    def begin(self, resumed_from: int | None = None) -> None:
        self.session += 1
        self.ledger.append("run", session=self.session, order_at=self.order.tell(), started="2026-01-01T00:00:00+00:00")
        if resumed_from is not None:
            self.step = resumed_from
            self.ledger.append("resume", step=resumed_from)

    def records(self, number: int, batches: Sequence[Sequence[int]], is_begin: bool) -> dict[str, Any]:
        """Write the batches; what their row says of them."""
        every = ([[]] if is_begin else []) + list(batches)
        data = b"".join(struct.pack(f"<II{len(batch)}q", number, len(batch), *batch) for batch in every)
        self.order.write(data)
        return {"order": sha256(data).hexdigest()[:16], "batches": len(every), "samples": sum(map(len, batches))}

    def epoch(self, order: Sequence[int], epoch: int, size: int = 10, opened: bool = True) -> None:
        """A pass with a step a batch."""
        for place, start in enumerate(range(0, len(order), size)):
            self.step += 1
            batch = order[start : start + size]
            handed = self.records(TRAIN, [batch], opened and place == 0)
            self.ledger.append("step", step=self.step, epoch=epoch, **handed, lr=[0.1], loss=1.0)

    def evaluate(self, order: Sequence[int]) -> None:
        batches = [order[start : start + 10] for start in range(0, len(order), 10)]
        self.ledger.append("eval", step=self.step, loader=VAL, **self.records(VAL, batches, True))

    def end(self, status: str | None = "finished") -> Path:
        if status:
            self.ledger.append("end", step=self.step, status=status, exit_code=0)
        self.ledger.close()
        self.order.close()
        (self.folder / "data" / "loaders.json").write_text(json.dumps(self.loaders))
        (self.folder / "run.json").write_text(json.dumps(self.run))
        return self.folder


def shuffled(size: int, seed: int) -> list[int]:
    order = list(range(size))
    random.Random(seed).shuffle(order)
    return order


def honest(folder: Path, size: int = 300, epochs: int = 3, **about: Any) -> Written:
    """Three shuffled epochs over ten classes, evaluated after each; the caller ends it."""
    written = Written(folder, [(("t", i), i % 10) for i in range(size)], [(("v", i), i % 10) for i in range(60)])
    written.loaders[TRAIN] |= about
    written.begin()
    for epoch in range(epochs):
        written.epoch(shuffled(size, epoch), epoch)
        written.evaluate(range(60))
    return written
