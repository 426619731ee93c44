"""Losses written for TensorBoard."""

from torch.utils.tensorboard import SummaryWriter

writer = SummaryWriter("runs/first")
for epoch in range(3):
    writer.add_scalar("loss/train", 1.0 / (epoch + 1), epoch)
writer.close()
