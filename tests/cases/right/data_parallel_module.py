"""The model is wrapped; modes are set on the wrapper, the inner module is used for evaluation."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.DataParallel(nn.Sequential(nn.Linear(3, 5), nn.Dropout(0.3), nn.Linear(5, 1)))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
train_x, val_x = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
for epoch in range(2):
    model.train()
    for x in train_x:
        opt.zero_grad()
        nn.functional.mse_loss(model(x), x.mean(1, keepdim=True)).backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        print(epoch, [nn.functional.mse_loss(model.module(x), x.mean(1, keepdim=True)).item() for x in val_x])
