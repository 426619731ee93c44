"""`python -m glassloop`, which launchers such as torchrun and accelerate need."""

from glassloop.cli import main

if __name__ == "__main__":
    main()
