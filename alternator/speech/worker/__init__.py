"""The process that an engine runs in, and the frames between it and whoever asks."""
