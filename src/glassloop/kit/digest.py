"""One name for a state: sha256 over names, types, shapes and bytes, the same on every machine and in every file format."""

import hashlib
from collections.abc import Mapping
from typing import Any

import torch

from glassloop.errors import UserError


def tensor_digest(tensor: torch.Tensor) -> str:
    """Hex sha256 of a tensor's dtype, shape and bytes in row-major order; device and strides do not count."""
    values = tensor.detach().cpu().contiguous()
    digest = hashlib.sha256(f"{values.dtype} {list(values.shape)} ".encode())
    # Bytes, because numpy has no bfloat16; reshape first, because a 0-dim tensor cannot be viewed as another dtype.
    digest.update(values.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def tensor_digests(tensors: Mapping[str, torch.Tensor]) -> dict[str, str]:
    """A digest for each named tensor, as in a `state_dict()`."""
    return {name: tensor_digest(tensor) for name, tensor in tensors.items()}


def state_digest(state: Any) -> str:
    """Hex sha256 of a nested state: dicts, lists, tuples, tensors, numbers, strings, None.

    Dict order does not count, list order does. Floats count by their exact bits. Raises UserError for anything else,
    naming where it stands: `torch.load(weights_only=True)` would refuse it later, when the run is to be resumed.
    """
    digest = hashlib.sha256()
    _feed(digest, state, "state")
    return digest.hexdigest()


def _feed(digest: Any, value: Any, where: str) -> None:
    if isinstance(value, torch.Tensor):
        digest.update(f"tensor {tensor_digest(value)};".encode())
    elif isinstance(value, Mapping):
        digest.update(f"map {len(value)};".encode())
        for key in sorted(value, key=repr):
            if type(key) not in (int, bool, str):
                raise _refused(f"a key of {where}", key)
            digest.update(f"{key!r}:".encode())
            _feed(digest, value[key], f"{where}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        digest.update(f"list {len(value)};".encode())
        for position, item in enumerate(value):
            _feed(digest, item, f"{where}[{position}]")
    elif type(value) is float:  # not isinstance: numpy.float64 is a float, and does not load
        digest.update(f"float {value.hex()};".encode())
    elif value is None or type(value) in (int, bool, str, bytes):
        digest.update(f"{type(value).__name__} {value!r};".encode())
    else:
        raise _refused(where, value)


def _refused(where: str, value: Any) -> UserError:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    return UserError(f"{where} is a {kind}, which a checkpoint cannot hold; store a tensor, a number or a string")
