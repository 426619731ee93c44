"""Log-softmax layer and NLL loss in a flat script."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 5), torch.randint(3, (8,))), batch_size=4, shuffle=True)
fc1, fc2 = nn.Linear(5, 7), nn.Linear(7, 3)
to_log = nn.LogSoftmax(dim=1)
nll = nn.NLLLoss()
opt = torch.optim.SGD(list(fc1.parameters()) + list(fc2.parameters()), lr=0.1)
for epoch in range(2):
    for x, y in loader:
        opt.zero_grad()
        scores = fc2(torch.relu(fc1(x)))
        loss = nll(to_log(scores), y)
        loss.backward()
        opt.step()
