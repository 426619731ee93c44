"""An engine in two modules."""
