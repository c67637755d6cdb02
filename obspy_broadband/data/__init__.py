"""Recorded ground motion for training and evaluation: a store, its making, its splits.

No data live in the repository; this is the code that prepares them.
"""
