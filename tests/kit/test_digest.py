"""One name for one state: equal states share it, the smallest difference does not."""

import collections

import numpy as np
import pytest
import torch

from glassloop.errors import UserError
from glassloop.kit.digest import state_digest, tensor_digest, tensor_digests

GOLDEN = "855ed34f3482b425c4e89a6a2a9715233a6ca5c2d69046a9a79c0f4487f1acbb"


def test_layout_does_not_count():
    tensor = torch.arange(24.0).reshape(2, 3, 4)
    expected = tensor_digest(tensor)
    turned = tensor.permute(2, 0, 1).contiguous().permute(1, 2, 0)
    assert not turned.is_contiguous()
    for same in (turned, tensor.clone(), torch.nn.Parameter(tensor), torch.cat((tensor, tensor))[:2]):
        assert tensor_digest(same) == expected


def test_type_shape_and_every_bit_count():
    tensor = torch.arange(6.0)
    nudged = tensor.clone()
    nudged[3] = torch.nextafter(nudged[3], torch.tensor(9.0))
    negative = tensor.clone()
    negative[0] = -0.0
    others = [tensor.double(), tensor.half(), tensor.bfloat16(), tensor.reshape(2, 3), tensor.reshape(6, 1), tensor.flip(0)]
    digests = {tensor_digest(other) for other in (tensor, nudged, negative, *others)}
    assert len(digests) == 9


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(1.5),
        torch.tensor(True),
        torch.zeros(0),
        torch.zeros(0, 3),
        torch.ones(2, dtype=torch.bfloat16),
        torch.ones(3, dtype=torch.complex64),
        torch.tensor([1, 2], dtype=torch.int8),
        torch.ones(1).expand(4),
    ],
    ids=str,
)
def test_any_tensor_has_a_digest(tensor):
    assert len(tensor_digest(tensor)) == 64
    assert tensor_digest(tensor) == tensor_digest(tensor.clone())


def test_empty_tensors_of_different_shapes_differ():
    assert len({tensor_digest(torch.zeros(*shape)) for shape in ((0,), (0, 3), (3, 0))}) == 3


def test_order_of_dicts_does_not_count_that_of_lists_does():
    assert state_digest({"a": 1, "b": [1, 2]}) == state_digest({"b": [1, 2], "a": 1})
    assert state_digest([1, 2]) != state_digest([2, 1])
    assert state_digest(collections.OrderedDict(a=1)) == state_digest({"a": 1})
    assert state_digest((1, 2)) == state_digest([1, 2])  # JSON knows no tuples


def test_what_looks_alike_differs():
    alike = [
        0,
        0.0,
        -0.0,
        False,
        None,
        "0",
        b"0",
        [],
        {},
        "",
        [0],
        [[0]],
        {"0": 0},
        {0: 0},
        torch.tensor(0),
        [0, []],
        [[0], []],
    ]
    digests = [state_digest(value) for value in alike]
    assert len(set(digests)) == len(alike)
    assert state_digest(["a", "b"]) != state_digest(["ab"])
    assert state_digest({"a": {"b": 1}, "c": 2}) != state_digest({"a": {"b": 1, "c": 2}})
    assert state_digest(0.1 + 0.2) != state_digest(0.3)
    assert state_digest(float("nan")) == state_digest(float("nan"))


def test_the_digest_is_fixed_for_good():
    """Another value here would make every checkpoint that was written count as damaged."""
    state = {"a": [1, 2.5, None, True, "x", b"y"], "t": torch.tensor([[1.0, 2.0]])}
    assert state_digest(state) == GOLDEN


def test_names_of_tensors():
    found = tensor_digests({"w": torch.ones(2), "b": torch.zeros(2)})
    assert list(found) == ["w", "b"]
    assert found["w"] == tensor_digest(torch.ones(2))


@pytest.mark.parametrize(
    ("state", "place"),
    [
        ({"a": [0, np.float64(1)]}, "state['a'][1] is a numpy.float64"),
        ({"a": np.int64(1)}, "state['a'] is a numpy.int64"),
        (object(), "state is a builtins.object"),
        ({"when": {3: torch.float32}}, "state['when'][3] is a torch.dtype"),
        ({np.int64(1): 2}, "a key of state is a numpy.int64"),
    ],
)
def test_what_it_cannot_hold_is_named_with_its_place(state, place):
    with pytest.raises(UserError) as caught:
        state_digest(state)
    assert place in str(caught.value)
