"""The engine ``faster-whisper``: the package of that name, which computes by CTranslate2."""
