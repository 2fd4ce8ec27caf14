"""What a worker has of one account."""

from dataclasses import replace

from roles_in_threads import Cluster

from alternator.bot.endpoints import Endpoints
from alternator.bot.starting import Shared
from alternator.errors import TokenRefusedError
from alternator.roles.desk import Desk
from alternator.stopping import Stop
from alternator.store.postgres.store import PostgresStore


def test_a_late_worker_with_a_former_token_holds_nobody_up(cluster: Cluster):
    store = PostgresStore(cluster.config.database, role="test", shared=True)
    state = store.use_account(cluster.server.url, "7")

    def desk(token: str) -> Desk:
        mastodon = replace(cluster.config.mastodon, access_token=token)
        config = replace(cluster.config, mastodon=mastodon)
        shared = Shared(speech=None, endpoints=Endpoints(store))
        return Desk(config, state, store, store.cluster, shared, Stop())

    late, current, other = desk("former"), desk("current"), desk("current")
    late.refused(TokenRefusedError("The access token was revoked"), 300.0)
    late.account.budget._others("edit", 300.0)  # an answer that was under way
    assert current.seconds_left(backfill=False) == 0
    assert late.seconds_left(backfill=False) > 290
    assert not store.cluster.limits.is_refused(state.key, "current")
    # What is met with the token that counts holds for all who have it.
    current.refused(TokenRefusedError("The access token was revoked"), 60.0)
    assert 50 < other.seconds_left(backfill=False) <= 60
    store.close()
