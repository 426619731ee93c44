"""A model that computes its loss where it is called with a target."""
import torch
from torch import nn
from torch.nn import functional as F


class Rater(nn.Module):
    def __init__(self):
        super().__init__()
        self.users, self.items = nn.Embedding(9, 4), nn.Embedding(7, 4)
        self.out = nn.Linear(8, 1)

    def forward(self, user, item, rating=None):
        score = self.out(torch.cat([self.users(user), self.items(item)], dim=1))
        if rating is None:
            return score
        return F.mse_loss(score, rating)  # expect: loss-shape-broadcast


def main():
    torch.manual_seed(0)
    rater = Rater()
    optimizer = torch.optim.Adam(rater.parameters(), lr=1e-2)
    for _ in range(4):
        loss = rater(torch.randint(9, (6,)), torch.randint(7, (6,)), torch.rand(6))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


main()
