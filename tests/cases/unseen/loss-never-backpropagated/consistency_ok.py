"""A consistency loss between two views of a batch."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
cross_entropy, distance = nn.CrossEntropyLoss(), nn.MSELoss()
for epoch in range(2):
    for x in torch.randn(2, 4, 4):
        out, again = model(x), model(x + 0.1 * torch.randn_like(x))
        supervised = cross_entropy(out, x[:, :3].argmax(1))
        agreement = distance(again, out.detach())
        opt.zero_grad()
        torch.autograd.backward([supervised, 0.2 * agreement])
        opt.step()
    print(epoch, supervised.item(), agreement.item())
