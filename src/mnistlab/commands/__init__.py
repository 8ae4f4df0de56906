"""The larger commands: each parses, calls one library function, shows. Keras is imported when one runs."""
