# Two commands for a fresh machine with Python 3.11 or newer, git and make:
#
#     make demo     simulate micrographs and tomograms, pick and prune, evaluate, write reports
#     make test     run the tests
#
# Both first install nunatak and its tools into .venv, once.
#
#     make test PYTHON=python3.12                  choose the Python that .venv is made with
#     make test PIP_OPTIONS="--extra-index-url URL"
#                                                  choose the CPU build of torch on Linux, with the
#                                                  URL that PyTorch's install page names for it
#     make test PROCESSES=8                        share the tests among more processes than two

PYTHON ?= python3
PIP_OPTIONS ?=
PROCESSES ?= 2

BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint format docs wheel page benchmark model clean

help:
	@sed -n 's/^# \{0,1\}//; 1,13p' Makefile
	@echo "Also: make setup, lint, format, docs, wheel, page, benchmark, model, clean"

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"nunatak needs Python 3.11 or newer; $(PYTHON) is {v[0]}.{v[1]}. Name another one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) -c constraints.txt -e ".[dev]"
	@touch $@

test: $(READY)
	$(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal --cov --cov-report=term:skip-covered

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# The seeds make it the same data every time. The radius is half the particle's radius.
demo: $(READY)
	rm -rf demo
	$(BIN)/nunatak simulate micrographs -o demo --count 6 --diameter 180 --junk 2 --seed 1
	$(BIN)/nunatak pick demo/micrographs/ --diameter 180 -o demo/picks.star
	$(BIN)/nunatak evaluate demo/picks.star demo/particles.star --radius 45 --threshold 0
	$(BIN)/nunatak report demo/picks.star -o demo/report.html
	$(BIN)/nunatak simulate tomograms -o demo/cell --count 2 --shape 64 192 192 --classes 1 --snr 0.2 0.4 --mode direct --seed 1
	$(BIN)/nunatak pick demo/cell/tomograms/ --diameter 160 -o demo/cell/picks.csv
	$(BIN)/nunatak evaluate demo/cell/picks.csv demo/cell/particles.csv --radius 40
	$(BIN)/nunatak report demo/cell/picks.csv -o demo/cell/report.html
	$(BIN)/nunatak prune demo/picks.star --only keep -o demo/kept.star --report demo/pruning.html
	$(BIN)/nunatak evaluate demo/kept.star demo/particles.star --radius 45 --threshold 0
	@echo
	@echo "'Threshold as given' counts all picks: above before pruning, and now the kept ones."
	@echo "Open in a browser: file://$(CURDIR)/demo/report.html"
	@echo "                   file://$(CURDIR)/demo/cell/report.html"
	@echo "              and: file://$(CURDIR)/demo/pruning.html"

# Needs the real micrographs (../shared/data) and a machine with nothing else to do; see
# benchmarks/README.md, also for the comparison with topaz-em, which has an environment of its own.
benchmark: $(READY)
	$(BIN)/python benchmarks/no_labels.py
	$(BIN)/python benchmarks/empty_micrographs.py
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/memory.py
	$(BIN)/python benchmarks/results_table.py

# Trains the general models anew, that for micrographs in its three stages. MAPS names the folder of
# density maps that the detectors also learn from; without maps they learn from procedural complexes
# alone, as the pruners always do: the benchmark of pruning judges by the maps.
RECIPE = $(BIN)/nunatak recipe general-2d $(if $(MAPS),--maps $(MAPS))
model: $(READY)
	$(RECIPE) --config recipes/general-2d/stage-1.toml -o model/stage1.safetensors
	$(RECIPE) --config recipes/general-2d/stage-2.toml --start model/stage1.safetensors -o model/stage2.safetensors
	$(RECIPE) --config recipes/general-2d/stage-3.toml --start model/stage2.safetensors -o model/general-2d.safetensors
	$(BIN)/nunatak recipe general-3d --config recipes/general-3d.toml $(if $(MAPS),--maps $(MAPS)) -o model/general-3d.safetensors
	$(BIN)/nunatak recipe general-pruner -o model/general-pruner.safetensors
	$(BIN)/nunatak recipe general-pruner --config recipes/general-pruner-3d.toml -o model/general-pruner-3d.safetensors

# Also runs the notebooks of the manual; without the variable their pages show no results.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 NUNATAK_EXECUTE_NOTEBOOKS=1 $(BIN)/mkdocs build --strict --quiet

wheel: $(READY)
	.ci/wheel

# Needs node 20 or newer; users do not, for the built page is committed.
page: $(READY)
	$(BIN)/python -m nunatak.server.openapi > web/openapi.json
	cd web && npm ci --no-audit --no-fund && npm run types && npm run check && npm test && npm run build && npm run weight

clean:
	rm -rf web/node_modules
	rm -rf .venv build dist site demo model .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
