from torch import nn

REGISTRY = {}


def register(cls):
    REGISTRY[cls.__name__.lower()] = cls
    return cls


@register
class MLP(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.a, self.b = nn.Linear(5, 16), nn.Linear(16, classes)

    def forward(self, x):
        x = self.a(x).relu()
        return self.b(x)


def make(name, **kw):
    return REGISTRY[name](**kw)
