"""Models in the forms of other engines, made here of what ``alternator.models`` keeps."""
