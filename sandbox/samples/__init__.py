"""The sample posts of the demo, and the script that made their media."""
