import io

from PIL import Image

from alternator.alt_text.trial import RED, SIDE, WHITE, red_disc, try_endpoint
from alternator.config.models import VisionSettings
from sandbox.vision.server import VisionServer


def test_the_picture_is_a_red_disc_on_white():
    with Image.open(io.BytesIO(red_disc())) as picture:
        picture.load()
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (SIDE, SIDE))
        assert picture.getpixel((SIDE // 2, SIDE // 2)) == RED
        assert picture.getpixel((0, 0)) == WHITE
    assert len(red_disc()) < 5000


def test_it_costs_one_request_whatever_comes_of_it(vision: VisionServer):
    settings = VisionSettings(base_url=vision.base_url, vision_model="first")
    trial = try_endpoint(settings)
    assert (trial.model, trial.sees) == ("first", True) and trial.tokens > 0
    assert len(vision.requests()) == 1
