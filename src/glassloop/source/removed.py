"""What today's PyTorch rejects, and what takes its place. Run on torch 2.13: each of these raises."""

from __future__ import annotations

import ast
from typing import NamedTuple


class Rejected(NamedTuple):
    """A call that raises: what of it is rejected, what to write instead, and the argument that has to go, if that is all."""

    name: str
    instead: str
    drop: str = ""


FUNCTIONS = {
    "torch.symeig": "torch.linalg.eigh(A), which takes the lower triangle",
    "torch.eig": "torch.linalg.eig(A), which gives complex numbers",
    "torch.solve": "torch.linalg.solve(A, B), with the arguments the other way round",
    "torch.lstsq": "torch.linalg.lstsq(A, B), with the arguments the other way round",
    "torch.matrix_rank": "torch.linalg.matrix_rank(A)",
    "torch.gels": "torch.linalg.lstsq(A, B)",
    "torch.potrf": "torch.linalg.cholesky(A)",
    "torch.potrs": "torch.cholesky_solve(B, L)",
    "torch.potri": "torch.cholesky_inverse(L)",
    "torch.trtrs": "torch.linalg.solve_triangular(A, B, upper=...)",
    "torch.btrifact": "torch.linalg.lu_factor(A)",
    "torch.rfft": "torch.fft.rfft(x), which gives complex numbers",
    "torch.irfft": "torch.fft.irfft(x)",
    "torch.fft": "torch.fft.fft(x): torch.fft is a module",
    "torch.ifft": "torch.fft.ifft(x)",
    "torch.set_deterministic": "torch.use_deterministic_algorithms(True)",
    "torch.is_deterministic": "torch.are_deterministic_algorithms_enabled()",
}
MODULES = {
    "torch._six": "collections.abc, str and math.inf",
    "torch.legacy": "torch.nn",
    "torch.utils.ffi": "torch.utils.cpp_extension",
}
AUTOCAST = frozenset(["torch.autocast", "torch.amp.autocast", "torch.amp.autocast_mode.autocast"])


def rejected(path: str, call: ast.Call) -> Rejected | None:
    """What is wrong with a call of the library's name `path`, if anything is."""
    given = {k.arg for k in call.keywords}
    if path in FUNCTIONS:
        return Rejected(f"{path}()", FUNCTIONS[path])
    if path.startswith("torch.optim.lr_scheduler.") and "verbose" in given and path.rsplit(".", 1)[-1][:1].isupper():
        return Rejected("the argument verbose of a scheduler", "scheduler.get_last_lr() where you print", "verbose")
    if path in ("torch.cuda.amp.autocast", "torch.cuda.amp.autocast_mode.autocast") and "device_type" in given:
        return Rejected("torch.cuda.amp.autocast(device_type=...)", "torch.autocast(device_type=...)")
    if path in ("torch.cuda.amp.GradScaler", "torch.cuda.amp.grad_scaler.GradScaler") and "device" in given:
        return Rejected("torch.cuda.amp.GradScaler(device=...)", "torch.amp.GradScaler(device=...)")
    if path in AUTOCAST and not call.args and not given & {"device_type", None}:
        return Rejected("an autocast that names no device", 'torch.autocast("cuda")')
    return None


def rejected_module(path: str) -> Rejected | None:
    """Likewise for an import."""
    for name, instead in MODULES.items():
        if path == name or path.startswith(f"{name}."):
            return Rejected(f"the module {name}", instead)
    return None
