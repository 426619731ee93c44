import torch


class Loop:
    def __init__(self, model, criterion):
        self.model, self.criterion = model, criterion
        self.opt = torch.optim.Adam(model.parameters())

    def fit(self, batches, epochs):
        for e in range(epochs):
            for x, y in batches:
                self.opt.zero_grad()
                loss = self.criterion(self.model(x), y)  # expect: softmax-before-cross-entropy
                loss.backward()
                self.opt.step()
            print(e, loss.item())
