# The plain recipe that `python -m bench.images` measures ours beside: what a person writes first, and
# what most images of this kind are. Distribution's ffmpeg as apt brings it, Whisper and torch as pip
# brings them, the bot's code last. Whisper's own page asks for no more: pip and ffmpeg.
ARG BASE
FROM ${BASE}
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
# The mounts are what a site adds (images/build/site_settings.py); none of them ends up in the image. `apt` is the
# function of apt.sh.
# hadolint ignore=DL3027
RUN --mount=type=bind,source=images/scripts/debian,target=/scripts \
    --mount=type=secret,id=ca_bundle \
    --mount=type=secret,id=apt_sources \
    --mount=type=secret,id=apt_auth \
    . /scripts/apt.sh && setup_apt && apt install --yes ffmpeg \
    && { python3 -c 'import ensurepip' 2> /dev/null || install_debian python3-venv; } \
    && apt-get clean && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/whisper
# torch is the very wheel of the image that it is compared with; the rest is the index's newest.
ARG VARIANT=cpu
RUN --mount=type=bind,source=images/wheelhouse,target=/wheelhouse \
    --mount=type=secret,id=ca_bundle \
    --mount=type=secret,id=pip_conf \
    if [ -f /run/secrets/ca_bundle ]; then export PIP_CERT=/run/secrets/ca_bundle; fi; \
    if [ -f /run/secrets/pip_conf ]; then export PIP_CONFIG_FILE=/run/secrets/pip_conf; fi; \
    /opt/whisper/bin/pip install --no-cache-dir "/wheelhouse/${VARIANT}"/torch-*.whl \
    openai-whisper Mastodon.py pillow requests
ENV PATH=/opt/whisper/bin:$PATH
WORKDIR /app
COPY probe /app/probe
COPY alternator /app/alternator
CMD ["python", "-c", "from alternator.bot.run import main; main([])"]
