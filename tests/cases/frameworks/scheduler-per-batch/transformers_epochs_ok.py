"""The Transformers Trainer with an optimizer and a schedule of one's own."""
import tempfile

import torch
from torch import nn
from transformers import Trainer, TrainingArguments


EPOCHS = 3


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(3, 2)

    def forward(self, x, labels=None):
        scores = self.body(x)
        return {"loss": nn.functional.cross_entropy(scores, labels), "logits": scores}


torch.manual_seed(0)
rows = [{"x": torch.randn(3), "labels": torch.tensor(i % 2)} for i in range(16)]
with tempfile.TemporaryDirectory() as folder:
    arguments = TrainingArguments(
        output_dir=folder, num_train_epochs=EPOCHS, per_device_train_batch_size=4, report_to=[], save_strategy="no",
        disable_tqdm=True, use_cpu=True, logging_strategy="no", remove_unused_columns=False,
    )
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    steps = EPOCHS * len(rows) // arguments.per_device_train_batch_size
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
    trainer = Trainer(model, arguments, train_dataset=rows, optimizers=(optimizer, schedule))
    trainer.train()
print(trainer.state.global_step)
