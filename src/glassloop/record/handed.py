"""Which records of order.bin belong to which row: a row with an order says how many it covers."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from glassloop.record import ledger, orders
from glassloop.record.orders import Record


class Handed:
    """The rows of a run with the records that each covers. `torn`: order.bin ended before the rows did.

    Raises UserError (in iteration) where the ledger or order.bin cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.torn = False
        self.at = 0  # byte of order.bin that was read up to

    def __iter__(self) -> Iterator[tuple[dict[str, Any], Iterator[Record]]]:
        """(row, its records); the records are to be taken before the next row is."""
        file = orders.OrderFile(self.folder)
        try:
            for row in ledger.rows(self.folder / ledger.NAME):
                if row["row"] == "run":
                    file.seek(whole(row.get("order_at")))
                count = whole(row.get("batches"))
                taken = _Counted(islice(file.records(), count))
                yield row, taken
                for _ in taken:  # what was not looked at
                    pass
                self.at = file.at
                self.torn = taken.count < count
                if self.torn:
                    return
        finally:
            file.close()


class _Counted(Iterator[Record]):
    def __init__(self, records: Iterator[Record]) -> None:
        self.records, self.count = records, 0

    def __next__(self) -> Record:
        record = next(self.records)
        self.count += 1
        return record


def whole(value: Any) -> int:
    """A number from 0 that a row states, 0 for anything else."""
    return value if type(value) is int and 0 <= value < 1 << 62 else 0
