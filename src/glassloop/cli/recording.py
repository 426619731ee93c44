"""The recording around a program that `glassloop run` runs: begun before its first line, completed after its last."""

import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from glassloop.record import manifest

if TYPE_CHECKING:
    from glassloop.recording import Recording


@dataclass(frozen=True)
class Keeping:
    """What of a run is to be kept, as the options of `glassloop run` say."""

    record: bool = True
    source: bool = True
    data_digest: Literal["full", "seen", "none"] = "seen"
    digest_every: int | None = None
    nonce: str | None = None
    key: Path | None = None  # of a private key: the record is signed with it at the end

    def begin(self, folder: Path | None) -> "Recording | None":
        """Begins to record into `folder`, if anything is to be recorded there by this process."""
        if folder is None or not self.record or not manifest.is_recording_process():
            return None
        from glassloop.recording import Recording

        return Recording(
            folder,
            digest_every=self.digest_every,
            data_digest=self.data_digest,
            nonce=self.nonce,
            signer=self._signer(),
            keep_source=self.source,
        )

    def check(self) -> None:
        """Raises UserError for a key that cannot sign: before the program runs, not after."""
        self._signer()

    def end(self, recording: "Recording | None", folder: Path) -> None:
        """Completes the ledger; run.json must say by now how the run ended. Signs the record where a key was given."""
        if recording is None:
            return
        recording.end()
        if self.key is not None and (folder / "ledger.jsonl").exists():
            from glassloop.record.signature import sign

            sign(folder, self.key)

    def _signer(self) -> str | None:
        if self.key is None:
            return None
        from glassloop.record.signature import key_id

        return key_id(self.key)


def give_hash_seed() -> None:
    """Where Python chose the seed of its hashes itself, nobody can know it: begins this process again with one.

    So the order of sets of words, which a program may train by, can be had again. Returns where there is one already, and
    where a process cannot take the place of itself (Windows) or would not heed it (`python -E`).
    """
    if os.environ.get("PYTHONHASHSEED") or os.name == "nt" or sys.flags.ignore_environment or not sys.executable:
        return
    os.environ["PYTHONHASHSEED"] = str(1 + secrets.randbelow(2**32 - 1))
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    except OSError:  # as it was, then
        del os.environ["PYTHONHASHSEED"]
