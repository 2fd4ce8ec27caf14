# `make` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3.11
VARIANT ?=
CONFIG ?=
DEMO ?=
PLATFORM ?=
BASE ?=
WHEEL ?=
GFX ?=
FULL ?=
INSTALL ?= yes
export PYTHON
export ALTERNATOR_INSTALL := $(INSTALL)
export SANDBOX_PORT
export DASHBOARD_PORT

ALTERNATOR = .venv/bin/alternator
# Tests that wait leave the processor to others, so four run on two cores. An engine is one: the
# tests that need it run one by one.
PARALLEL = --numprocesses 4 --dist worksteal
TABLES = --tables $(if $(WHOLE),whole,part)

.PHONY: builds-check clean down engines format generated help hooks images images-twice lint lock lock-tools pci-ids render scale scale-down soak test test-fast test-images up

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '%s\n' '' \
	  'Options: VARIANT=cpu|cuda|rocm|universal|all   PLATFORM=linux/amd64,linux/arm64   WHEEL=cu126' \
	  '         CONFIG=FILE   DEMO=1   SANDBOX_PORT=3000   DASHBOARD_PORT=8766' \
	  '         GFX=gfx1100 (rocm)   FULL=1 (cuda)' \
	  '         BASE=registry|bootstrap|IMAGE   INSTALL=no   VOLUMES=1 (down, scale-down)   CHECK=1 (render, lock)   PYTHON=FILE'

up: .host ## Probe this machine, build the image for it, start the bot (without alternator.toml: the demo)
	@$(ALTERNATOR) up $(if $(VARIANT),--variant $(VARIANT)) $(if $(CONFIG),--config $(CONFIG)) $(if $(DEMO),--demo) $(if $(BASE),--base $(BASE))

scale: .host ## Start the roles apart with a database (CONFIG=FILE; WORKERS=3; else the sandbox's account)
	@$(ALTERNATOR) scale $(if $(VARIANT),--variant $(VARIANT)) $(if $(CONFIG),--config $(CONFIG)) $(if $(DEMO),--demo) $(if $(BASE),--base $(BASE)) $(if $(WORKERS),--workers $(WORKERS))

scale-down: .host ## Stop what `make scale` started; VOLUMES=1 also removes its database and secrets
	@$(ALTERNATOR) scale $(if $(VOLUMES),--volumes,--down)

down: .host ## Stop what `make up` started; VOLUMES=1 also removes its data
	@$(ALTERNATOR) down $(if $(VOLUMES),--volumes)

images: .host ## Build the image for this machine, or VARIANT=cpu|cuda|rocm|universal|all
	@$(ALTERNATOR) images build $(VARIANT) $(if $(WHEEL),--wheel $(WHEEL)) $(if $(BASE),--base $(BASE)) $(if $(GFX),--gfx $(GFX)) $(if $(PLATFORM),--platform $(PLATFORM)) $(if $(FULL),--full)

render: .host ## Write the Dockerfiles from their templates; CHECK=1 fails if a committed one is stale
	@$(ALTERNATOR) images render $(if $(CHECK),--check)

lock: .host ## Lock every package of the images by its hash (VARIANT=cuda: of one); CHECK=1 asks no index
	@$(ALTERNATOR) images lock $(VARIANT) $(if $(CHECK),--check)

test: .dev ## Run every test that can run here (installs what they need), of large tables a third (WHOLE=1: all); ARGS=… runs those only
	@.venv/bin/python -m tools.prepare_tests
ifdef ARGS
	.venv/bin/python -m pytest $(ARGS)
else
	.venv/bin/python -m pytest -m 'not engine' $(PARALLEL) $(TABLES)
	.venv/bin/python -m pytest -m engine
endif

test-fast: .dev ## Run the tests that need no container engine; COVERAGE=1 also says which lines ran, WHOLE=1 as above
	.venv/bin/python -m pytest -m 'not engine' $(PARALLEL) $(TABLES) $(if $(COVERAGE),--cov --cov-report=term:skip-covered) $(ARGS)

soak: .dev ## Post 10,000 times while everything fails by chance (POSTS= ACCOUNTS= SEED= CLUSTER=1 RECORD=1)
	.venv/bin/python -m bench.soak $(if $(POSTS),--posts $(POSTS)) $(if $(ACCOUNTS),--accounts $(ACCOUNTS)) $(if $(SEED),--seed $(SEED)) $(if $(CLUSTER),--cluster) $(if $(RECORD),--record)

test-images: .dev ## Build the image of VARIANT=cpu|cuda|universal (default: cpu) and test it from all sides
	@.venv/bin/python -m tools.prepare_tests
	VARIANT=$(or $(VARIANT),cpu) FULL=$(FULL) .venv/bin/python -m pytest tests/images/$(or $(VARIANT),cpu) $(ARGS)

images-twice: .dev ## Build VARIANT=cpu|universal twice, the second time without cache, and compare the digests
	@.venv/bin/python -m tools.prepare_tests
	TWICE=1 .venv/bin/python -m pytest -s tests/images/$(or $(VARIANT),universal)/test_$(or $(VARIANT),universal)_reproducible.py

lint: .dev ## ruff, mypy --strict, hadolint, zizmor, and whether generated files are current
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/hadolint images/*/Dockerfile
	.venv/bin/zizmor --offline --quiet .github
	@$(MAKE) --no-print-directory generated CHECK=1

generated: .dev ## Write every generated file; CHECK=1 fails if a committed one is stale
	@$(ALTERNATOR) images render $(if $(CHECK),--check)
	@.venv/bin/python -m probe.tables.generate $(if $(CHECK),--check)
	@.venv/bin/python -m tools.hardware_docs $(if $(CHECK),--check)
	@.venv/bin/python -m tools.report_schema $(if $(CHECK),--check)
	@.venv/bin/python -m tools.config_schema $(if $(CHECK),--check)
	@.venv/bin/python -m tools.reference_docs $(if $(CHECK),--check)
	@.venv/bin/python -m tools.server_docs $(if $(CHECK),--check)
	@.venv/bin/python -m tools.reliability_docs $(if $(CHECK),--check)
	@.venv/bin/python -m tools.command_docs $(if $(CHECK),--check)
	@.venv/bin/python -m tools.rooms_picture $(if $(CHECK),--check)
	@.venv/bin/python -m bench.whisper.report $(if $(CHECK),--check)
	@.venv/bin/python -m bench.scale.report $(if $(CHECK),--check)

engines: .dev ## Install faster-whisper and whisper.cpp into .venv (360 MB), for the tests of their engines
	.venv/bin/python -m pip install --quiet --config-settings editable_mode=compat --editable '.[faster-whisper,whisper-cpp]'

lock-tools: .dev ## Resolve anew what develops and what publishes, into tools/*-requirements.txt
	CUSTOM_COMPILE_COMMAND='make lock-tools' .venv/bin/pip-compile --quiet --upgrade --extra dev --generate-hashes \
	  --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --annotation-style line --output-file tools/development-requirements.txt pyproject.toml
	CUSTOM_COMPILE_COMMAND='make lock-tools' .venv/bin/pip-compile --quiet --upgrade --extra host --generate-hashes \
	  --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --annotation-style line --output-file tools/publishing-requirements.txt pyproject.toml

hooks: .dev ## Run the tools of `make lint` before each commit
	.venv/bin/pre-commit install

builds-check: .host ## Compare the table of torch builds with the PyTorch package index
	@.venv/bin/python -m tools.builds_check $(ARGS)

pci-ids: .dev ## Make the tables of PCI device ids anew; LIST=FILE instead of the package pci.ids's; CHECK=1 compares
	@.venv/bin/python -m tools.pci_ids $(LIST) $(if $(CHECK),--check)

format: .dev ## Format the code
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

clean: ## Remove the virtual environment, wheels and logs (images and volumes stay)
	rm -rf .venv .cache images/wheelhouse/*/*.whl images/wheelhouse/*/*.tar.gz images/wheelhouse/*/*.lock

.host:
	@sh tools/venv.sh host

.dev:
	@sh tools/venv.sh host,bot,sandbox,serve,cluster,tracing,dev
	@.venv/bin/python -m tools.install_whisper
