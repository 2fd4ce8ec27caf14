"""Whether the chosen device really computes."""
