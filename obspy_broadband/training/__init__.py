"""What methods are trained with: objectives of reconstruction, of adversaries and of arrivals."""
