"""From a written corpus to a model bundle: base encoder, fine-tuning, export, calibration, parity."""
