"""Linear decay to zero over the run; hyper-parameters as module constants, an index loop over tensors."""
import torch
from torch import nn
from torch.optim.lr_scheduler import LinearLR

ROUNDS, BATCH = 2, 3
torch.manual_seed(0)
X = torch.randn(6, 4)
Y = (X @ torch.randn(4, 1)).squeeze()
ridge = nn.Linear(4, 1)
sgd = torch.optim.SGD(ridge.parameters(), lr=0.1, weight_decay=1e-2)
decay = LinearLR(sgd, start_factor=1.0, end_factor=0.0, total_iters=ROUNDS)

for r in range(ROUNDS):
    order = torch.randperm(len(X))
    for lo in range(0, len(X), BATCH):
        at = order[lo:lo + BATCH]
        err = ridge(X[at]).squeeze() - Y[at]
        sgd.zero_grad()
        (err @ err / len(at)).backward()
        sgd.step()
        decay.step()  # expect: scheduler-per-batch
    print(r, decay.get_last_lr())
