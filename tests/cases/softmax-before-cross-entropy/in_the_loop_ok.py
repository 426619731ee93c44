"""The training loop takes what it needs of the output before the loss."""
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
batches = [(torch.randn(4, 5), torch.randint(3, (4,))) for _ in range(2)]
net = nn.Linear(5, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

for epoch in range(2):
    correct = 0
    for inputs, targets in batches:
        opt.zero_grad()
        outputs = net(inputs)
        probabilities = torch.softmax(outputs, dim=1)
        loss = F.cross_entropy(outputs, targets)
        loss.backward()
        opt.step()
        correct += (probabilities.argmax(dim=1) == targets).sum().item()
    print(epoch, correct)
