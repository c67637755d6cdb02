"""What a translation method is: its contract, its name, its weights; what all networks share."""

from .contract import Batch, Method, NoOptions, Scenario

__all__ = ["Batch", "Method", "NoOptions", "Scenario"]
