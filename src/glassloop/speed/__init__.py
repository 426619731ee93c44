"""The table of techniques: what each popular way to train faster does on this machine, each in a process of its own."""
