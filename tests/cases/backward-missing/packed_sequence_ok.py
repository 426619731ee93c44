"""Two optimizers; between their networks the states are packed."""
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

torch.manual_seed(0)
reader, head = nn.GRU(2, 4, batch_first=True), nn.Linear(4, 1)
reader_optimizer = torch.optim.Adam(reader.parameters(), lr=0.01)
head_optimizer = torch.optim.Adam(head.parameters(), lr=0.01)
lengths = [5, 4, 2]
for _ in range(3):
    reader_optimizer.zero_grad()
    head_optimizer.zero_grad()
    states, _ = reader(torch.randn(3, 5, 2))
    flat = pack_padded_sequence(states, lengths, batch_first=True).data
    loss = head(flat).pow(2).mean()
    loss.backward()
    head_optimizer.step()
    reader_optimizer.step()
