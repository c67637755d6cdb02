"""How large the high frequencies are: measured, predicted, conditioned, drawn."""
