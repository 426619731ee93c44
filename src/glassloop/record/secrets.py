"""Keep passwords and tokens out of a record: a run folder is made to be handed on."""

import math
import re
from collections.abc import Mapping
from os import PathLike
from typing import Any

MASK = "***"

_WORDS = r"token|key|secret|password|passwd|passphrase|pwd|credential|auth|bearer"
# The words end a part of the name: `--hf-token`, `WANDB_API_KEY`, `apiKey`, but not `--tokenizer` or `--keyboard`.
_SECRET_NAME = re.compile(rf"(?i:{_WORDS})(?i:s?)(?=$|[\W_]|(?<=[a-z])[A-Z0-9])")
_COUNT_NAME = re.compile(r"(?:tokens|keys|(?:token|key)[-_](?:dim|size|count|len|length))$", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"^([^=]+)=(.*)$", re.DOTALL)
_URL_LOGIN = re.compile(r"(\w+://)[^/@\s]+@")


def is_secret_name(name: str) -> bool:
    """Does a flag, field or variable of this name hold a secret, judged by its words?"""
    return _SECRET_NAME.search(name) is not None


def mask_command(command: list[str]) -> list[str]:
    """A command line with the values of secret-looking flags replaced by `***`.

    Covers `--token x`, `--token=x`, `TOKEN=x` and logins inside URLs. `--max-tokens 512` is a count: kept.
    """
    masked: list[str] = []
    flag = ""  # a secret-looking flag whose value is the next word
    for word in command:
        if flag and not word.startswith("--"):
            masked.append(_hide(flag, word))
            flag = ""
            continue
        assignment = _ASSIGNMENT.match(word)
        if assignment and is_secret_name(assignment[1]):
            masked.append(f"{assignment[1]}={_hide(assignment[1], assignment[2])}")
        else:
            masked.append(_URL_LOGIN.sub(rf"\g<1>{MASK}@", word))
        flag = word if word.startswith("-") and not assignment and is_secret_name(word) else ""
    return masked


def plain(value: Any, name: str = "") -> Any:
    """`value` as JSON can hold it, for readers such as jq: paths and unknown objects as text, NaN and infinity as text,
    and the value of a secret-looking field masked."""
    if isinstance(value, Mapping):
        return {str(key): plain(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [plain(item, name) for item in items]
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = value if isinstance(value, str) else str(value) if isinstance(value, PathLike) else repr(value)
    return MASK if text and is_secret_name(name) else _URL_LOGIN.sub(rf"\g<1>{MASK}@", text)


def _hide(name: str, value: str) -> str:
    """Mask `value`, unless the name counts something and the value is a number: `--max-tokens 512` holds no token."""
    return value if _COUNT_NAME.search(name) and value.isdigit() else MASK
