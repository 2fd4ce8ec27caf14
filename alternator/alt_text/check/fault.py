"""What keeps a model's answer from being a description."""

from enum import Enum


class Fault(Enum):
    """Why an answer is not published. The value is what a message says of the model."""

    NOTHING = "says nothing that can be seen"
    REFUSAL = "refuses to answer, in words"
    PROMPT = "says the instruction again"
    THOUGHTS = "thinks aloud and comes to no answer"
    LOOP = "says the same over and over"
    CUT = "was cut off at its limit of tokens; raise [vision] max_tokens"
    DATA = "answers with data instead of a text"
    CHOICE = "offers several texts to choose from"
    GARBLED = "answers with garbled text"
    ENDLESS = "answers without an end"
