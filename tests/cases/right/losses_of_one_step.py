"""A batch in chunks: the losses of the chunks are kept in a list, and summed to be shown after the step."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(16, 4), torch.randint(0, 2, (16,)))
model = nn.Linear(4, 2)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for x, y in DataLoader(data, batch_size=8, shuffle=True):
        optimizer.zero_grad()
        losses = []
        for x_chunk, y_chunk in zip(x.chunk(2), y.chunk(2)):
            loss = criterion(model(x_chunk), y_chunk)
            losses.append(loss)
            loss.backward()
        for p in model.parameters():
            p.grad.data.div_(2)
        optimizer.step()
        loss = sum(losses)
        print(loss.item())
