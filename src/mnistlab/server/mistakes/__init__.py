"""Routes about the test images that a network gets wrong."""
