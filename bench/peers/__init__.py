"""What bench/peers_watch.py stands on: one right script, mistakes in it, and an adapter for each tool."""
