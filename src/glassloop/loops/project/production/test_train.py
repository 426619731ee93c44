

def test_it_can_learn_one_batch_by_heart(tmp_path):
    """The first thing to try when a loop does not learn: if it cannot do this, look for the fault in the loop."""
    assert final(train(tmp_path, "--overfit-one-batch", "--epochs", "60"))["val_loss"] < 0.3


def test_stopped_and_resumed_is_the_same_as_never_stopped(tmp_path):
    """Compares digests of the whole state: weights, optimizer, schedule, random generators. Bit for bit."""
    final(train(tmp_path, "--epochs", "2", "--run-dir", "whole"))
    assert train(tmp_path, "--epochs", "2", "--run-dir", "broken", "--stop-at", "3").returncode == 0
    final(train(tmp_path, "--run-dir", "broken", "--resume"))
    whole, broken = (
        json.loads((tmp_path / name / "checkpoints" / "latest" / "digests.json").read_text())["all"]
        for name in ("whole", "broken")
    )
    assert whole == broken
