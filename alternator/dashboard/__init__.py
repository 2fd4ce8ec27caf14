"""The page that a running bot serves: what it does, what it wrote, and what a person decides."""
