"""What the loop in the other file needs."""
import torch


def make_batches(n, size=4):
    return [(torch.randn(size, 3), torch.randn(size, 1)) for _ in range(n)]


def backward_and_step(loss, optimizer):
    loss.backward()
    optimizer.step()  # expect: zero-grad-missing
