"""The page that shows the posts."""
