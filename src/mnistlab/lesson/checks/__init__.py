"""What makes a step right, and what is said of each way to get it wrong; from descriptions alone, without Keras."""
