"""The Transformers Trainer on a tiny model with a loss of its own."""
import tempfile

import torch
from torch import nn
from transformers import Trainer, TrainingArguments


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.1), nn.Linear(6, 2))

    def forward(self, x, labels=None):
        return {"logits": self.body(x)}


class MyTrainer(Trainer):
    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        outputs = model(inputs["x"])
        loss = nn.functional.cross_entropy(outputs["logits"], inputs["labels"])
        return (loss, outputs) if return_outputs else loss


torch.manual_seed(0)
rows = [{"x": torch.randn(3), "labels": torch.tensor(i % 2)} for i in range(8)]
with tempfile.TemporaryDirectory() as folder:
    arguments = TrainingArguments(
        output_dir=folder, num_train_epochs=2, per_device_train_batch_size=4, report_to=[], save_strategy="no",
        disable_tqdm=True, use_cpu=True, eval_strategy="epoch", logging_strategy="no",
    )
    trainer = MyTrainer(Net(), arguments, train_dataset=rows, eval_dataset=rows)
    trainer.train()
print(trainer.state.global_step)
