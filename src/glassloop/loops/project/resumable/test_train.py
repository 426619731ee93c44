

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
