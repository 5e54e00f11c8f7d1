# Every command sets itself up; see README.md. A setting may be given as in: make serve PORT=9000
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
CONSOLE_PORT ?= 8090
VERSION ?= 0.3.0
BUNDLE ?= models/vangnet-$(VERSION)
PRESUMED_SAFE ?=
LAYERS ?=
EPOCHS ?=
TEACHER ?= training/teacher.npz
START ?=
BENCH ?=

SERVE := .venv-serve
DEV := .venv
PIP_FLAGS := --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: serve console test soak servers lint train teachers eval bench clean

serve: $(SERVE)/.ready ## verify the bundle and listen on loopback
	$(SERVE)/bin/vangnet serve --bundle $(BUNDLE) --host $(HOST) --port $(PORT)

console: $(SERVE)/.ready ## the moderators' console on loopback; first: $(SERVE)/bin/vangnet moderators create NAME --role admin
	$(SERVE)/bin/vangnet console --bundle $(BUNDLE) --port $(CONSOLE_PORT)

# As many processes as cores; several threads in each would wait for one another.
test: export OMP_NUM_THREADS = 1
test: lint servers ## lint, types and all tests, on all cores
	$(DEV)/bin/pytest --numprocesses auto --dist loadfile

soak: $(DEV)/.ready servers ## what takes many minutes, not part of the tests
	$(DEV)/bin/pytest -m soak -s

servers: ## PostgreSQL, Redis and Prometheus for the tests, installed where they are missing (Debian, as root)
	@bash tests/install_servers.sh

lint: $(DEV)/.ready
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/mypy

train: $(DEV)/.ready ## corpus to bundle: make train VERSION=0.4.0 [PRESUMED_SAFE=sentences.txt] [LAYERS=6] [EPOCHS=5] [TEACHER=] [START=runs/vangnet-0.3.0]
	$(DEV)/bin/vangnet-train run --out $(BUNDLE) $(if $(PRESUMED_SAFE),--presumed-safe $(PRESUMED_SAFE)) \
		$(if $(LAYERS),--layers $(LAYERS)) $(if $(EPOCHS),--epochs $(EPOCHS)) $(if $(TEACHER),--teacher $(TEACHER)) \
		$(if $(START),--start $(START))

teachers: $(DEV)/.ready ## a larger model and its logits, training/teacher.npz [PRESUMED_SAFE=sentences.txt]
	rm -rf runs/teacher-bundle # a by-product; training itself is not done again while its inputs are the same
	$(DEV)/bin/vangnet-train run --layers 12 \
		--out runs/teacher-bundle/teacher-0.0.1 --work runs/teacher $(if $(PRESUMED_SAFE),--presumed-safe $(PRESUMED_SAFE))
	$(DEV)/bin/vangnet-train teach runs/teacher

eval: $(DEV)/.ready ## figures of the bundle on the test voices [PRESUMED_SAFE=sentences.txt]
	$(DEV)/bin/vangnet-eval measure --bundle $(BUNDLE) --out results/$(notdir $(BUNDLE)) \
		$(if $(PRESUMED_SAFE),--presumed-safe $(PRESUMED_SAFE)) $$($(DEV)/bin/vangnet-train corpus files test)

bench: $(DEV)/.ready ## figures of the service on this machine, about eight minutes [BENCH="--rounds 5"]
	$(DEV)/bin/python -m serving.bench --bundle $(BUNDLE) --out results/bench $(BENCH)

clean:
	rm -rf $(SERVE) $(DEV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The extra of the console includes the service's; a comma here would end the argument.
$(SERVE)/.ready: pyproject.toml constraints.txt
	$(call environment,$(SERVE),--editable '.[console]')

$(DEV)/.ready: pyproject.toml client/pyproject.toml constraints.txt
	$(call environment,$(DEV),--editable '.[dev]' --editable ./client)

define environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=..."; exit 1; }
	@echo "installing into $(1) (once; a few minutes)"
	@$(PYTHON) -m venv $(1) || { echo "the venv module is needed (Debian: apt-get install python3-venv)"; exit 1; }
	@$(1)/bin/python -m pip install $(PIP_FLAGS) $(2)
	@touch $@
endef
