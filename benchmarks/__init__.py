"""Programs that measure mnistlab, make the networks that ship with it, and make the material for both."""
