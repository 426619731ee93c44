"""The Transformers Trainer with an optimizer over some of the parameters."""
import tempfile

import torch
from torch import nn
from transformers import Trainer, TrainingArguments



class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(3, 6), nn.Linear(6, 2)

    def forward(self, x, labels=None):
        scores = self.head(self.body(x).relu())
        return {"loss": nn.functional.cross_entropy(scores, labels), "logits": scores}


torch.manual_seed(0)
rows = [{"x": torch.randn(3), "labels": torch.tensor(i % 2)} for i in range(16)]
with tempfile.TemporaryDirectory() as folder:
    arguments = TrainingArguments(
        output_dir=folder, num_train_epochs=3, per_device_train_batch_size=4, report_to=[], save_strategy="no",
        disable_tqdm=True, use_cpu=True, logging_strategy="no", remove_unused_columns=False,
    )
    model = Net()
    chosen = [p for name, p in model.named_parameters() if "head" not in name]
    optimizer = torch.optim.AdamW(chosen, lr=0.01)  # expect: parameters-not-in-optimizer
    trainer = Trainer(model, arguments, train_dataset=rows, optimizers=(optimizer, None))
    trainer.train()
print(trainer.state.global_step)
