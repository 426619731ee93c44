"""train_epoch helper that receives the schedule; milestones are fractions of the run."""
import torch
from torch import nn, optim
from torch.optim import lr_scheduler


def train_epoch(model, batches, optimizer, scheduler):
    for x, y in batches:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()  # expect: scheduler-per-batch
    return loss.item()


def main(num_epochs=2):
    torch.manual_seed(0)
    batches = [(torch.randn(4, 5), torch.randint(0, 3, (4,))) for _ in range(2)]
    model = nn.Linear(5, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    milestones = [int(num_epochs * 0.5), int(num_epochs * 0.75)]
    scheduler = lr_scheduler.MultiStepLR(optimizer, milestones=milestones, gamma=0.1)
    for epoch in range(num_epochs):
        loss = train_epoch(model, batches, optimizer, scheduler)
        print(epoch, loss, optimizer.param_groups[0]["lr"])


if __name__ == "__main__":
    main()
