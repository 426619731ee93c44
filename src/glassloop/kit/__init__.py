"""What loops are made of: small flat modules, each usable alone with anybody's loop."""
