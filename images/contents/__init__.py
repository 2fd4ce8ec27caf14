"""What is inside an image: sizes, packages, budgets."""
