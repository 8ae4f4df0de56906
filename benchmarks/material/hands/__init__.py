"""Digits, signs, letters and drawings as strokes: forms, hands, pens and papers, each kept in groups of its own.

Group `fit` is to train on, `choose` to choose thresholds by, `measure` for figures alone. A form, a pen or a paper that
belongs to one group is in no other.
"""
