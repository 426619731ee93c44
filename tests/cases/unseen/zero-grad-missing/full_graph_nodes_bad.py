"""Node classification on a tiny graph: the whole graph is one batch, an epoch is one update."""
import torch
import torch.nn.functional as F
from torch import nn


class GraphConv(nn.Module):
    def __init__(self, d_in, d_out):
        super().__init__()
        self.weight = nn.Linear(d_in, d_out, bias=False)

    def forward(self, h, adj):
        return adj @ self.weight(h)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = GraphConv(4, 8), GraphConv(8, 2)

    def forward(self, h, adj):
        return F.log_softmax(self.c2(F.dropout(F.relu(self.c1(h, adj)), training=self.training), adj), dim=-1)


torch.manual_seed(12)
adj = torch.eye(6) + (torch.rand(6, 6) > 0.5).float()
adj = adj / adj.sum(1, keepdim=True)
h, label, mask = torch.randn(6, 4), torch.randint(0, 2, (6,)), torch.arange(6) < 4
net = Net()
optimiser = torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=5e-4)


def train():
    net.train()
    F.nll_loss(net(h, adj)[mask], label[mask]).backward()
    optimiser.step()  # expect: zero-grad-missing


@torch.no_grad()
def test():
    net.eval()
    return (net(h, adj).argmax(-1)[~mask] == label[~mask]).float().mean().item()


for epoch in range(1, 3):
    train()
    print(f"Epoch {epoch:03d} test {test():.2f}")
