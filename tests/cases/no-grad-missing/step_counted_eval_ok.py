"""Step-counted training with an evaluation every other step, mode restored after it."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
train_loader = DataLoader(TensorDataset(torch.randn(16, 4), torch.randint(0, 2, (16,))), batch_size=4, shuffle=True)
dev_loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,))), batch_size=4)
classifier = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 2))
adamw = torch.optim.AdamW(classifier.parameters(), lr=1e-3)


@torch.no_grad()
def dev_accuracy():
    classifier.eval()
    hits, count = 0, 0
    for inputs, labels in dev_loader:
        probs = classifier(inputs).softmax(dim=-1)
        hits += (probs.argmax(-1) == labels).sum().item()
        count += labels.numel()
    classifier.train()
    return hits / count


classifier.train()
for step, (inputs, labels) in enumerate(train_loader, start=1):
    loss = nn.functional.cross_entropy(classifier(inputs), labels)
    adamw.zero_grad()
    loss.backward()
    adamw.step()
    if step % 2 == 0:
        print(step, loss.item(), dev_accuracy())
