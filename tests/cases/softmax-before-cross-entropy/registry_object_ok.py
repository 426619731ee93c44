"""Models are registered by decorators and built from a dict."""
import torch
from torch import nn

class Registry:
    def __init__(self):
        self.table = {}

    def register(self, name=None):
        def wrap(cls):
            self.table[name or cls.__name__] = cls
            return cls
        return wrap

    def build(self, cfg):
        cfg = dict(cfg)
        return self.table[cfg.pop("type")](**cfg)

MODELS = Registry()

@MODELS.register()
class Head(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.fc = nn.Linear(5, classes)

    def forward(self, x):
        return self.fc(x)

@MODELS.register("other")
class Other(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.fc = nn.Linear(5, classes)

    def forward(self, x):
        return self.fc(x)

torch.manual_seed(0)
model = MODELS.build(dict(type="Head", classes=3))
opt = torch.optim.Adam(model.parameters())
for i in range(2):
    x, y = torch.randn(4, 5), torch.randint(0, 3, (4,))
    loss = nn.functional.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
