"""Calls that are a mistake wherever they stand, in texts that train nothing too."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from glassloop.check import check_paths
from glassloop.source.removed import AUTOCAST, FUNCTIONS, MODULES, rejected


def found(tmp_path: Path, text: str) -> list[tuple[int, str]]:
    script = tmp_path / "infer.py"
    script.write_text(text, encoding="utf-8")
    return [(f.where.line, f.rule) for f in check_paths([script]).findings]


def test_a_script_that_trains_nothing_is_read_too(tmp_path: Path):
    text = "import torch\ndef read(path):\n    return torch.load(path, weights_only=False)\n"
    assert found(tmp_path, text) == [(3, "unsafe-load")]
    assert found(tmp_path, text.replace("False", "True")) == []
    assert found(tmp_path, text.replace("import torch", "import other as torch")) == []


def test_names_are_followed_through_imports_and_not_guessed(tmp_path: Path):
    text = "from torch import symeig as f, load as g\nimport torch.cuda.amp as amp\nf(x)\namp.autocast(device_type='cuda')\n"
    assert found(tmp_path, text) == [(3, "removed-api"), (4, "removed-api")]
    assert found(tmp_path, "from torch import lstsq\nlstsq(b, a)\n") == [(2, "removed-api")]
    assert found(tmp_path, "import torch as t\nt.matrix_rank(a)\n") == [(2, "removed-api")]
    assert found(tmp_path, "from torch import symeig\ndef symeig(x): ...\nsymeig(1)\n") == []
    assert found(tmp_path, "import numpy as torch\ntorch.symeig(1)\n") == []


@pytest.mark.parametrize(
    "guarded",
    [
        "try:\n    w = torch.symeig(x)\nexcept (RuntimeError, AttributeError):\n    w = None\n",
        "if hasattr(torch, 'symeig'):\n    w = torch.symeig(x)\n",
        "OLD = torch.__version__ < '1.9'\nif OLD:\n    w = torch.symeig(x)\n",
        "w = torch.symeig(x) if torch.__version__ < '1.9' else torch.linalg.eigh(x)\n",
    ],
)
def test_code_for_old_versions_is_left_alone(tmp_path: Path, guarded: str):
    assert found(tmp_path, f"import torch\nx = torch.eye(3)\n{guarded}") == []
    assert found(tmp_path, "import torch\nx = torch.eye(3)\ntry:\n    torch.symeig(x)\nfinally:\n    pass\n") != []


def test_only_an_iterator_has_no_next(tmp_path: Path):
    text = "class A:\n    def __init__(self, x):\n        self.it = iter(x)\n    def f(self):\n        self.it.next()\n"
    assert found(tmp_path, text) == [(5, "removed-api")]
    assert found(tmp_path, text.replace("iter(x)", "x")) == []
    assert found(tmp_path, text + "    def next(self): ...\n") == []


def test_a_pickle_is_a_checkpoint_where_a_model_is_made_of_it(tmp_path: Path):
    text = "import pickle\nwith open('f', 'rb') as f:\n    got = pickle.load(f)\nstate = got['model']\n"
    assert found(tmp_path, f"{text}model.load_state_dict(state)\n") == [(3, "unsafe-load")]
    assert found(tmp_path, f"{text}got.eval()\n") == [(3, "unsafe-load")]
    assert found(tmp_path, f"{text}net = Net(len(got))\nnet.eval()\n") == []
    assert found(tmp_path, f"{text}words = state.parameters\nmodel.load_state_dict(other)\n") == []


def test_what_is_said_to_be_rejected_is_rejected():
    """Each is called, or imported, on the torch that is here."""
    torch = pytest.importorskip("torch")
    x = torch.eye(2)
    for name in FUNCTIONS:
        function = getattr(torch, name.split(".")[1], None)
        with pytest.raises((RuntimeError, TypeError)):
            function(x, x) if re.search(r"solve|lstsq|gels|potrs|trtrs", name) else function(x)
    for name in MODULES:
        with pytest.raises(ImportError):
            __import__(name)
    optimizer = torch.optim.SGD([x.requires_grad_()], lr=0.1)
    with pytest.raises(TypeError):
        torch.optim.lr_scheduler.StepLR(optimizer, 1, verbose=True)
    with pytest.raises(TypeError):
        torch.autocast(enabled=False)
    with pytest.raises(TypeError):
        torch.cuda.amp.autocast(device_type="cuda")
    with pytest.raises(TypeError):
        torch.cuda.amp.GradScaler(device="cuda")


def test_what_is_still_accepted_is_not_said():
    accepted = ["torch.qr(x)", "torch.cuda.amp.autocast()", "torch.cuda.amp.GradScaler('cuda')", "torch.stft(x, 4)"]
    accepted += ["torch.nn.utils.clip_grad_norm(p, 1.0)", *(f"{name}('cuda')" for name in AUTOCAST)]
    for text in accepted:
        call = ast.parse(text, mode="eval").body
        assert isinstance(call, ast.Call)
        assert rejected(ast.unparse(call.func), call) is None
