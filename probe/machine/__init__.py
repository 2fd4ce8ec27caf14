"""What the probes look at: the only room that touches files, processes and variables."""
