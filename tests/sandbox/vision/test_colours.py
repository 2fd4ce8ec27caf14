"""Names of colours."""

import pytest

from sandbox.vision.colours import name_of


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "grey"),
        ((70, 72, 70), "dark grey"),
        ((200, 40, 35), "red"),
        ((255, 140, 0), "orange"),
        ((110, 65, 25), "brown"),
        ((230, 205, 150), "beige"),
        ((250, 220, 50), "yellow"),
        ((70, 150, 60), "green"),
        ((10, 70, 10), "dark green"),
        ((64, 224, 208), "turquoise"),
        ((30, 60, 220), "blue"),
        ((150, 200, 245), "light blue"),
        ((25, 60, 120), "dark blue"),
        ((130, 40, 200), "purple"),
        ((255, 105, 180), "pink"),
    ],
)
def test_names(colour, name):
    assert name_of(*colour) == name
