"""A name imported from torch, a helper that nobody calls here."""
from torch import load, nn


def restore(net: nn.Module, path: str) -> int:
    checkpoint = load(path, weights_only=False)  # expect: unsafe-load
    net.load_state_dict(checkpoint["net"])
    return checkpoint["epoch"]
