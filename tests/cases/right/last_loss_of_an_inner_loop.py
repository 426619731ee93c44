"""A few steps on the support set, and the loss on the query set beside the last of them."""
import torch
from torch import nn

torch.manual_seed(0)
head = nn.Linear(4, 2)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
support = [(torch.randn(8, 4), torch.randint(0, 2, (8,))) for _ in range(2)]
query = [(torch.randn(8, 4), torch.randint(0, 2, (8,))) for _ in range(2)]
for (support_x, support_y), (query_x, query_y) in zip(support, query):
    for i in range(2):
        loss = criterion(head(support_x), support_y)
        head.zero_grad()
        loss.backward()
        optimizer.step()
    loss += criterion(head(query_x), query_y)
    print(loss.item())
