"""Numbers."""
SEED = 0
EPOCHS = 2
RATE = 0.1
