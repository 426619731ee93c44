

def test_two_processes_train_one_model(tmp_path):
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(TRAIN)]
    words += ["--device", "cpu", "--epochs", "1", "--run-dir", "two"]
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert 0 <= final(done)["val_loss"] < 1000
    assert json.loads((tmp_path / "two" / "run.json").read_text())["environment"]["world_size"] == 2
