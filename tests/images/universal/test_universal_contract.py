"""The universal image keeps the contract of every image, and holds no torch yet."""

import tarfile

from image_contract import ImageContract

from images.contents import inventory
from images.engine.engine import Engine


class TestUniversalImage(ImageContract):
    variant = "universal"
    wheel = ""
    volumes = frozenset({"/var/lib/alternator/builds"})

    def test_no_torch_is_inside(self, files: dict[str, tarfile.TarInfo]) -> None:
        assert [path for path in files if "/site-packages/torch/" in path] == []

    def test_the_list_says_when_its_torch_comes(self, engine: Engine, image: str) -> None:
        builds = {found.tag: found.build for found in inventory.local_images(engine)}
        assert builds[image] == "at its first start"
