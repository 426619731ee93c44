"""Cross-validation: a fresh model, optimizer and schedule for every fold."""
import torch
from torch import nn
from torch.optim.lr_scheduler import MultiStepLR
from torch.utils.data import DataLoader, Subset, TensorDataset


def folds(n, k):
    for part in torch.arange(n).chunk(k):
        held = set(part.tolist())
        yield [i for i in range(n) if i not in held], sorted(held)


torch.manual_seed(0)
EPOCHS = 2
data = TensorDataset(torch.randn(16, 3), torch.randn(16, 1))
for train_idx, test_idx in folds(16, 2):
    net = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.1), nn.Linear(4, 1))
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    sch = MultiStepLR(opt, milestones=[EPOCHS // 2], gamma=0.1)
    for epoch in range(EPOCHS):
        net.train()
        for x, y in DataLoader(Subset(data, train_idx), batch_size=4, shuffle=True):
            opt.zero_grad()
            nn.functional.mse_loss(net(x), y).backward()
            opt.step()
        sch.step()
    net.eval()
    with torch.no_grad():
        x, y = data[test_idx]
        print(nn.functional.mse_loss(net(x), y).item(), sch.get_last_lr())
