"""A margin loss written by hand, in a flat script."""
import numpy as np
import torch

torch.manual_seed(3)
encoder = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
adam = torch.optim.Adam(encoder.parameters(), lr=1e-3)
points = torch.randn(12, 6)
signs = torch.sign(torch.randn(12))


def margin_loss(score, sign):
    slack = np.maximum(0.0, 1.0 - sign.numpy() * score.detach().numpy())
    return torch.from_numpy(slack).mean().requires_grad_()


for epoch in range(2):
    order = torch.randperm(12)
    for part in order.split(6):
        adam.zero_grad(set_to_none=True)
        features = encoder(points[part])
        loss = margin_loss(features[:, 0] - features[:, 1], signs[part])
        loss.backward()  # expect: detached-loss
        adam.step()
