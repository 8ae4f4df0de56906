"""What mnistlab needs of a machine, and nothing of digits: files, locks, a sandbox, the terminal, words, the theme."""
