"""The choice as Compose has it, of either generation."""

from collections.abc import Iterator

from probe.report.snippet_settings import (
    CONFIG,
    MODELS,
    MODELS_VOLUME,
    PIDS_LIMIT,
    START_PERIOD_S,
    STATE,
    STATE_VOLUME,
    STOP_S,
    TMP,
)
from probe.report.snippet_start import Start, readable


def compose(start: Start) -> str:
    """The file."""
    return "\n".join(_lines(start)) + "\n"


def _lines(start: Start) -> Iterator[str]:
    yield from readable(start)
    yield "services:"
    yield "  bot:"
    yield f"    image: {start.image}"
    yield "    restart: unless-stopped"
    yield "    read_only: true"
    yield f'    tmpfs: ["{TMP}"]'
    yield "    cap_drop: [ALL]"
    yield "    security_opt: [no-new-privileges:true]"
    yield f"    pids_limit: {PIDS_LIMIT}"
    yield f"    mem_limit: {start.memory}g"
    yield f"    stop_grace_period: {STOP_S}s"
    yield f"    healthcheck: {{start_period: {START_PERIOD_S}s}}"
    yield "    logging: {driver: local}"
    yield "    volumes:"
    yield f"      - {{type: bind, source: ./alternator.toml, target: {CONFIG}, read_only: true}}"
    yield f"      - state:{STATE}"
    yield f"      - models:{MODELS}"
    if start.env:
        yield "    environment:"
        yield from (f'      {name}: "{value}"' for name, value in start.env.items())
    yield from _device(start)
    groups = start.values("--group-add")
    if groups:
        yield "    group_add:"
        yield from (f'      - "{group}"' for group in groups)
    yield "volumes:"
    yield f"  state: {{name: {STATE_VOLUME}}}"
    yield f"  models: {{name: {MODELS_VOLUME}}}"


def _device(start: Start) -> Iterator[str]:
    if start.runtime is not None:
        yield f"    runtime: {start.runtime}"
    elif start.backend == "cuda":
        ids = ", ".join(f'"{name}"' for name in start.named)
        yield "    deploy:"
        yield "      resources:"
        yield "        reservations:"
        yield "          devices:"
        yield "            - driver: nvidia"
        yield f"              device_ids: [{ids}]" if ids else "              count: all"
        yield "              capabilities: [gpu]"
    elif start.backend == "rocm":
        yield "    devices:"
        yield from (f"      - {node}:{node}" for node in start.values("--device"))
