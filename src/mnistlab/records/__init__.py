"""Records of runs for people and for other programs: a list, TensorBoard's event files, MLflow."""
