"""The loop, with hooks for what a subclass wants to add."""


class BaseTrainer:
    def __init__(self, model, optimizer):
        self.model, self.optimizer, self.updates = model, optimizer, 0

    def compute_loss(self, batch):
        raise NotImplementedError

    def after_backward(self):
        pass

    def after_step(self):
        pass

    def fit(self, batches, epochs):
        for _ in range(epochs):
            for batch in batches:
                self.optimizer.zero_grad()
                loss = self.compute_loss(batch)
                loss.backward()
                self.after_backward()
                self.optimizer.step()
                self.after_step()
