"""From an attachment to its description."""
