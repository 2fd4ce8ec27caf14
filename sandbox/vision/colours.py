"""Plain names for colours."""

import colorsys

# Upper bound of each hue in degrees, for saturated colours of middle lightness.
HUES = (
    (15, "red"),
    (42, "orange"),
    (66, "yellow"),
    (165, "green"),
    (195, "turquoise"),
    (255, "blue"),
    (290, "purple"),
    (345, "pink"),
    (360, "red"),
)


def name_of(red: int, green: int, blue: int) -> str:
    """The name of a colour, such as "light blue"; channels from 0 to 255 (sRGB)."""
    hue, lightness, saturation = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    chroma = (max(red, green, blue) - min(red, green, blue)) / 255
    if chroma < 0.1 or saturation < 0.12:
        return grey(lightness)
    if lightness < 0.08:
        return "black"
    base = base_name(hue * 360)
    if base == "orange" and lightness < 0.4:
        return "brown" if lightness >= 0.2 else "dark brown"
    if base == "red" and lightness > 0.72:
        return "pink"
    if base == "orange" and lightness > 0.68:
        return "beige"
    if base == "yellow" and lightness < 0.35:
        return "olive"
    if lightness < 0.3:
        return f"dark {base}"
    return f"light {base}" if lightness > 0.68 and base != "pink" else base


def base_name(degrees: float) -> str:
    """The name of a hue."""
    return next(name for bound, name in HUES if degrees <= bound)


def grey(lightness: float) -> str:
    """The name of a colour without hue; lightness from 0 to 1."""
    steps = ((0.12, "black"), (0.38, "dark grey"), (0.64, "grey"), (0.9, "light grey"))
    return next((name for bound, name in steps if lightness < bound), "white")


def plain(name: str) -> str:
    """A colour's name without "light" and "dark"."""
    return name.removeprefix("light ").removeprefix("dark ")
