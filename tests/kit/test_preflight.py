"""One batch is tried; what is wrong is named in one line, and nothing is changed."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from glassloop.errors import UserError
from glassloop.kit import seeding
from glassloop.kit.data import InMemory, Keyed, make_loader, order_of
from glassloop.kit.preflight import check_first_batch, describe

X, Y = torch.randn(20, 3, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 2
CPU = torch.device("cpu")


def make_model():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2))


def mean_loss(model, batch):
    outputs = model(batch[0])
    return F.cross_entropy(outputs, batch[1]), outputs


def loader_of(*tensors, dataset=None):
    return make_loader(dataset or InMemory(*tensors), 8, seed=0, shuffle=True, workers=0)


def refusal(loader, loss=mean_loss, model=None):
    model = model or make_model()
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(UserError) as caught:
        check_first_batch(model, loader, loss, CPU)
    assert "\n" not in str(caught.value)
    assert model.training
    assert all(torch.equal(a, b) for a, b in zip(before.values(), model.state_dict().values(), strict=True))
    return str(caught.value)


def bad(x, place, value):
    x = x.clone()
    x[place] = value
    return x


def ragged():
    return [(torch.zeros(3 + index % 2), 0) for index in range(20)]


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ((X.double(), Y), ["batch[0] float64 [8, 3], batch[1] int64 [8]", "Fix data or model"]),
        ((X.long(), Y), ["batch[0] int64"]),
        ((torch.randn(20, 4), Y), ["batch[0] float32 [8, 4]", "cannot be multiplied"]),
        ((X, Y.int()), ["batch[1] int32"]),
        ((X, Y + 1), ["Target 2 is out of bounds"]),
        ((X, Y[:, None]), ["batch[1] int64 [8, 1]"]),
        (
            (bad(X, slice(None), float("nan")), Y),
            ["batch[0] of the first training batch holds 24 values that are NaN or infinite"],
        ),
        ((bad(X, (slice(None), 1), float("inf")), Y), ["holds 8 values"]),
        ((X,), ["batch[0] float32 [8, 3]", "index"]),
    ],
    ids=["float64", "integers", "width", "int32-targets", "class-unknown", "target-shape", "nan", "infinite", "no-targets"],
)
def test_bad_data_is_named(tensors, words):
    said = refusal(loader_of(*tensors))
    assert all(word in said for word in words), said


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (
            lambda m, b: (F.cross_entropy(m(b[0]), b[1], reduction="none"), None),
            "torch.float32 of shape [8]; return its mean",
        ),
        (lambda m, b: (m(b[0]).argmax(), None), "torch.int64 of shape []"),
        (lambda m, b: (m(b[0]).mean() * float("nan"), None), "is nan before any step"),
        (lambda m, b: (m(b[0]).mean() + float("inf"), None), "is inf before any step"),
        (lambda m, b: (m(b["x"]).mean(), None), "cannot take the first training batch"),
        (lambda m, b: ({"x": m(b[0])}["y"], None), "cannot take the first training batch"),
        (lambda m, b: m(b[0]).mean(), "return two values"),
        (lambda m, b: (0.5, None), "is a float; return"),
        (lambda m, b: (nn.MultiheadAttention(4, 2)(b[0], b[0], b[0])[0].mean(), None), "embedding dimension"),
    ],
    ids=["not-reduced", "integer", "nan", "infinite", "wrong-key", "key-error", "loss-alone", "a-number", "assertion"],
)
def test_a_bad_loss_is_named(loss, words):
    said = refusal(loader_of(X, Y), loss)
    assert words in said, said


def test_samples_that_do_not_stack():
    said = refusal(loader_of(dataset=ragged()))
    assert "the first training batch cannot be put together" in said
    assert "equal size" in said


class Drawing(torch.utils.data.Dataset):
    def __len__(self):
        return 20

    def __getitem__(self, index):
        return X[index] + torch.rand(3), Y[index]


@pytest.mark.parametrize("training", [True, False])
def test_nothing_is_changed(training):
    """A batch is read, augmented and put through batch-norm and dropout; a loss may draw noise, too."""
    model = make_model().train(training)
    model[1].eval()  # frozen by its owner, and still frozen after
    before = copy.deepcopy(model.state_dict())
    loader = make_loader(Drawing(), 8, seed=0, shuffle=True, workers=0)
    assert isinstance(loader.dataset, Keyed)

    def noisy_loss(model, batch):
        return mean_loss(model, (batch[0] + torch.randn(8, 3), batch[1]))

    generators = seeding.rng_state()
    check_first_batch(model, loader, noisy_loss, CPU)
    after = seeding.rng_state()
    assert torch.equal(generators["torch"], after["torch"])
    assert torch.equal(generators["numpy"][1], after["numpy"][1])
    assert torch.equal(generators["python"][1], after["python"][1])
    assert all(torch.equal(a, b) for a, b in zip(before.values(), model.state_dict().values(), strict=True))
    assert all(parameter.grad is None for parameter in model.parameters())
    assert [module.training for module in model] == [training, False, training, training]
    assert model.training is training
    assert order_of(loader).first_batch == 0


def test_describe_says_shapes_of_any_batch():
    batch = {"ids": torch.zeros(2, 3, dtype=torch.int32), "more": [torch.tensor(1.0), "text"]}
    assert describe(batch) == "batch['ids'] int32 [2, 3], batch['more'][0] float32 []"
    assert describe("text") == "str"
