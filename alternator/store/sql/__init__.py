"""What both homes of the store share: one text of SQL for each question."""
