"""A notebook's first regression: training and testing in one loop, over whole tensors."""
import torch
from torch import nn

torch.manual_seed(42)
x_train, x_test = torch.rand(16, 1), torch.rand(8, 1)
model = nn.Sequential(nn.Linear(1, 10), nn.Dropout(0.2), nn.Linear(10, 1))
loss_fn = nn.L1Loss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(3):
    y_pred = model(x_train)  # expect: train-mode-missing
    loss = loss_fn(y_pred, 0.7 * x_train)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

    model.eval()
    with torch.inference_mode():
        test_loss = loss_fn(model(x_test), 0.7 * x_test)
    print(epoch, loss.item(), test_loss.item())
