"""HTTP requests that end, and go only where they may."""
