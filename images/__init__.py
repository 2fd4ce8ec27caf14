"""The builder: catalog, rendered Dockerfiles, wheelhouse, builds."""
