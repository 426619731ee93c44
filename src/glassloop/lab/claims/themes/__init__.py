"""The claims, one theme a file. Each experiment imports torch inside its function: reading the ledger needs none."""
