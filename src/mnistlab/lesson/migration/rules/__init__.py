"""The rules, one family of changes per module; each rule takes the code and asks it for edits."""
