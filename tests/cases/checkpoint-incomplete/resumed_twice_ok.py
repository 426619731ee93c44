"""A class that counts its own rounds, and is stopped and gone on with inside one program."""
import os
import tempfile
import torch


class Fitting:
    def __init__(self, path):
        torch.manual_seed(0)
        self.path, self.rounds = path, 0
        self.model = torch.nn.Linear(4, 1)
        self.optimizer = torch.optim.RMSprop(self.model.parameters(), lr=1e-2)
        self.scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
        if os.path.exists(path):
            kept = torch.load(path)
            self.model.load_state_dict(kept["weights"])
            self.optimizer.load_state_dict(kept["moments"])
            self.scaler.load_state_dict(kept["scale"])
            self.rounds = kept["rounds"]

    def run(self, until):
        while self.rounds < until:
            for _ in range(3):
                x = torch.randn(8, 4)
                self.optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(self.model(x), x.sum(1, keepdim=True))
                self.scaler.scale(loss).backward()
                self.scaler.step(self.optimizer)
                self.scaler.update()
            self.rounds += 1
            weights, moments, scale = self.model.state_dict(), self.optimizer.state_dict(), self.scaler.state_dict()
            torch.save({"weights": weights, "moments": moments, "scale": scale, "rounds": self.rounds}, self.path)


with tempfile.TemporaryDirectory() as folder:
    Fitting(os.path.join(folder, "last.pt")).run(2)
    Fitting(os.path.join(folder, "last.pt")).run(4)
