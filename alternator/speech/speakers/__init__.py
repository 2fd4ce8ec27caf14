"""Who speaks: embeddings of voices, put into groups, and the words given to them."""
