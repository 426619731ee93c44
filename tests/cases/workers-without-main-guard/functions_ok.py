"""Functions for training and validation, called from main."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

def train_epoch(net, batches, opt, epoch):
    for (x,) in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(x), x.mean(1, keepdim=True))
        loss.backward()
        opt.step()


@torch.no_grad()
def evaluate(net, held_out):
    total = 0.0
    for (x,) in held_out:
        value = F.mse_loss(net(x), x.mean(1, keepdim=True))
        total += value.item() * len(x)
    return total / len(held_out.dataset)


def main():
    torch.manual_seed(0)
    batches = DataLoader(TensorDataset(torch.randn(8, 3)), 4, shuffle=True, num_workers=1)
    held_out = DataLoader(TensorDataset(torch.randn(6, 3)), 4)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    opt = torch.optim.AdamW(net.parameters())
    plan = torch.optim.lr_scheduler.StepLR(opt, step_size=1)
    for epoch in range(2):
        train_epoch(net, batches, opt, epoch)
        plan.step()
        print(evaluate(net, held_out))


if __name__ == "__main__":
    main()
