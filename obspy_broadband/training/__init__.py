"""Training of methods: the loop, its data and options, losses, fine-tuning, calibration."""
