"""The engine ``whisper.cpp``, by its Python binding pywhispercpp."""
