"""Routes that ask networks."""
