"""The mistakes of a network over HTTP."""
