"""What a recording writes while a loop runs: an order, digests of samples and states, and the rows of the ledger."""
