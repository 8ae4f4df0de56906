"""The page's HTTP interface: draws on the library, computes nothing itself. Keras is never imported."""
