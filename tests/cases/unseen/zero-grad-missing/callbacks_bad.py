"""A learner that fires callbacks by name; clearing is a callback's job."""
import torch
from torch import nn


class Callback:
    def before_batch(self, learn): ...
    def after_step(self, learn): ...


class Recorder(Callback):
    def after_step(self, learn):
        learn.losses.append(learn.loss.item())


class Cleaner(Callback):
    def after_step(self, learn):
        learn.opt.zero_grad()


class Learn:
    def __init__(self, model, dl, cbs):
        self.model, self.dl, self.cbs, self.losses = model, dl, cbs, []
        self.opt = torch.optim.SGD(model.parameters(), lr=0.1)

    def fire(self, name):
        for cb in self.cbs:
            getattr(cb, name)(self)

    def fit(self, n):
        for _ in range(n):
            for xb, yb in self.dl:
                self.fire("before_batch")
                self.loss = nn.functional.mse_loss(self.model(xb), yb)
                self.loss.backward()
                self.opt.step()  # expect: zero-grad-missing
                self.fire("after_step")


torch.manual_seed(0)
dl = [(torch.randn(3, 2), torch.randn(3, 1)) for _ in range(2)]
learn = Learn(nn.Linear(2, 1), dl, [Recorder()])
learn.fit(2)
print(learn.losses)
