"""What is done to old code, one family of changes to a module; each rule takes the code and asks it for edits."""
