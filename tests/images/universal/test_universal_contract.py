"""The universal image keeps the contract of every image, and holds no torch yet."""

import tarfile

import docker
from image_contract import ImageContract

from images.contents import inventory


class TestUniversalImage(ImageContract):
    variant = "universal"
    wheel = ""
    volumes = frozenset({"/var/lib/alternator/builds"})

    def test_no_torch_is_inside(self, files: dict[str, tarfile.TarInfo]) -> None:
        assert [path for path in files if "/site-packages/torch/" in path] == []

    def test_the_list_says_when_its_torch_comes(
        self, engine: docker.DockerClient, image: str
    ) -> None:
        builds = {found.tag: found.build for found in inventory.local_images(engine)}
        assert builds[image] == "at its first start"
