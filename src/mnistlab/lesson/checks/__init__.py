"""What makes a step right, and what is said about each mistake; judged from descriptions alone, without Keras."""
