"""The questions of an audit, found by walking this folder. One question is one file; adding one touches one file.

A file `seen_once.py` is the check `seen-once` and holds these names:

- `SECTION`: where a report shows it, one of `SECTIONS`;
- `ASKS`: the question, whose answer is that it holds, that it fails, or that it cannot be said;
- `WHY`: why it matters;
- `check(evidence) -> Answer`: reads the folder alone, runs nothing of it, and never loads torch.

A file whose name begins with `_` holds what several of them share.
"""

SECTIONS = ("record", "data", "sampling", "training")
