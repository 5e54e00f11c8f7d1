"""Evaluation: what a bundle finds, misses and wrongly flags on a labelled file."""
