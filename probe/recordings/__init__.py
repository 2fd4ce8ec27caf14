"""Records a machine, masks what is private, and plays it again anywhere."""
