"""``alternator web`` as a process of a cluster, and the browsers of its members."""

from typing import Any

import requests
from cluster import NO_WHISPER
from cluster_scene import ClusterScene
from loopback import free_port
from member_site import TOKEN, Site
from waiting import wait_for

from alternator.members.cipher import new_key


class Web(Site):
    """It is started by a test; all processes have the members' key from now on."""

    def __init__(self, scene: ClusterScene) -> None:
        self.cluster = scene.cluster
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.cluster.settings = (
            f'{NO_WHISPER}\n[signup]\nserver = ["{self.cluster.server}"]\n'
            f'address = "{self.url}"\nkey = "{new_key()}"\n'
        )

    def start(self, name: str = "web", **switches: Any) -> None:
        """Start it, and wait until it answers."""
        pages = f'port = {self.port}\ntoken = "{TOKEN}"'
        self.cluster.start("web", name, where={"dashboard": pages}, **switches)
        wait_for(self.answers, 30, "the pages")

    def answers(self) -> bool:
        """Whether there is a page."""
        try:
            return requests.get(f"{self.url}/join", timeout=5).ok
        except requests.RequestException:
            return False
