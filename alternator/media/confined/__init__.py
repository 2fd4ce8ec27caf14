"""What the kernel refuses a process that decodes somebody else's file, before it begins."""
