"""Speech that is still being spoken: sound comes in bit by bit, text goes out while it comes."""
