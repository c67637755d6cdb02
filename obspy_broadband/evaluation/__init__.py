"""Judging generated ground motion against recorded ground motion."""
