"""Pure parsers: text in, facts out.

Whatever comes in (empty, truncated, translated, binary, huge) a parser never raises: it returns
fewer facts.
"""
