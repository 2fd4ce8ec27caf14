"""A member takes the permission back at the server, and gives it again later."""

from cluster_scene import ClusterScene
from cluster_web import Web
from waiting import wait_for

USER = "neighbour"
MOMENTS = {
    "between posts": None,
    "while the model is asked": ("POST", "/v1/chat/completions"),
}


def test_the_token_is_taken_back_at_the_server(scene_of_cluster: ClusterScene) -> None:
    """Nothing is edited, the member's page says why, and all is described once it is back."""
    scene, cluster = scene_of_cluster, scene_of_cluster.cluster
    web = Web(scene)
    cluster.start_all("bot", "worker")
    web.start()
    visit = web.visit()
    visit.join(USER)
    server, files, posts = scene.world.server, [scene.scene.files.picture], []

    def posted() -> str:
        posts.append(str(server.post("Mine", files=files, token=USER)["id"]))
        return posts[-1]

    scene.until_described(scene.victim, posted())
    for moment, request in MOMENTS.items():
        cluster.until_idle()
        wait_for(lambda: "Your new posts are watched" in visit.get("/me").text, 20, moment)
        if request is None:
            withdraw(scene)
            post = posted()
        else:
            hits = scene.hits()
            is_model = request[0] == "POST"
            scene.scene.fail(*request, model=is_model, delay=0.5, times=1)
            post = posted()
            scene.until_hit(hits)
            withdraw(scene)
        wait_for(lambda: "does not let this program in" in visit.get("/me").text, 20, moment)
        assert scene.world.edits(post) == 0, moment
        assert visit.join(USER).headers["Location"] == "/me?said=connected"
        scene.until_described(post)
    scene.ends_well()
    assert [scene.world.edits(key) for key in posts] == [1] * len(posts)


def withdraw(scene: ClusterScene) -> None:
    """The owner takes all back that the server has given."""
    oauth = scene.world.server.sandbox.oauth
    assert oauth._tokens
    for token in list(oauth._tokens):
        oauth.withdraw(token)
