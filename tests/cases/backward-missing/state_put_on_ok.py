"""An encoder's answer is put on the decoder as its first state; each has its optimizer."""
import torch
from torch import nn

torch.manual_seed(0)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRU(2, 4, batch_first=True)
        self.out = nn.Linear(4, 1)
        self.state = None

    def forward(self, x):
        answer, self.state = self.cell(x, self.state)
        return self.out(answer)


encoder, decoder = nn.Linear(3, 4), Decoder()
encoder_optimizer = torch.optim.Adam(encoder.parameters(), lr=0.01)
decoder_optimizer = torch.optim.Adam(decoder.parameters(), lr=0.01)
for _ in range(3):
    encoder_optimizer.zero_grad()
    decoder_optimizer.zero_grad()
    first = encoder(torch.randn(5, 3))
    decoder.state = first.unsqueeze(0)
    answer = decoder(torch.randn(5, 6, 2))
    loss = nn.functional.mse_loss(answer, torch.randn(5, 6, 1))
    loss.backward()
    decoder_optimizer.step()
    encoder_optimizer.step()
