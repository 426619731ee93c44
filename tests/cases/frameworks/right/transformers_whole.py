"""Transformers Trainer: a tiny BERT from its config, evaluation, saving, accumulation, bf16, best model at the end."""
import tempfile
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

set_seed(0)
rows = [{"input_ids": torch.randint(5, 50, (12,)), "labels": torch.tensor(i % 2)} for i in range(48)]
for row in rows:
    row["attention_mask"] = torch.ones(12, dtype=torch.long)
    row["input_ids"][0] = 1 + int(row["labels"])
for bf16 in (False, True):
    config = BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32)
    model = BertForSequenceClassification(config)
    with tempfile.TemporaryDirectory() as folder:
        args = TrainingArguments(
            output_dir=folder, num_train_epochs=2, per_device_train_batch_size=4, gradient_accumulation_steps=2,
            learning_rate=1e-3, warmup_steps=3, lr_scheduler_type="cosine", weight_decay=0.01, max_grad_norm=1.0,
            eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, report_to=[], use_cpu=True,
            bf16=bf16, logging_steps=4, disable_tqdm=True,
        )
        trainer = Trainer(model, args, train_dataset=rows[:40], eval_dataset=rows[40:],
                          compute_metrics=lambda p: {"acc": float((p.predictions.argmax(-1) == p.label_ids).mean())})
        trainer.train()
        print(trainer.evaluate())
        trainer.predict(rows[40:])
        trainer.save_model(folder)
