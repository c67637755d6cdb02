"""Ground motion for training and evaluation: stores, how they are made, their splits."""
