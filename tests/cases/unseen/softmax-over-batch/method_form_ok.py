"""Log-probabilities by a method, in a class with a loss of its own."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(5, 4)

    def forward(self, x):
        return self.out(x).log_softmax(1)


torch.manual_seed(0)
tagger, nll = Tagger(), nn.NLLLoss()
opt = torch.optim.SGD(tagger.parameters(), lr=0.1)
for x, y in DataLoader(TensorDataset(torch.randn(8, 5), torch.randint(4, (8,))), batch_size=4, shuffle=True):
    opt.zero_grad()
    nll(tagger(x), y).backward()
    opt.step()
