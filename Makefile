# Two commands: `make demo` and `make test`. Everything they need goes into .venv.
PYTHON ?= python3
PIP = .venv/bin/python -m pip --disable-pip-version-check
STAMP = .venv/stamp-$(shell cat requirements/*.txt pyproject.toml | cksum | cut -d' ' -f1)
ARGS ?=
LLM ?=
# A shell may say that no bytecode is kept; every child would then compile torch and Dash again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: .venv demo test test-long test-gpu test-vllm quality fmt
.venv: $(STAMP)

# LLM=1 adds a run of labels asked of a small served model, and compares it with the first.
demo: $(STAMP) $(if $(LLM),.venv/llm)
	.venv/bin/newsroom demo $(if $(LLM),--llm) $(ARGS)

.venv/llm: requirements/llm.txt $(STAMP)
	$(PIP) install --quiet --no-deps -r requirements/llm.txt
	touch $@

test: $(STAMP)
	scripts/check

# Full sizes, about an hour on two cores: results are committed, and `make test` refuses stale ones.
test-long: $(STAMP)
	.venv/bin/python -m pytest -m long
	.venv/bin/newsroom bench comm --output benchmarks/results/comm
	.venv/bin/newsroom bench hearing --output benchmarks/results/comm
	for lab in hmem interference longmem regression recall; do .venv/bin/newsroom lab $$lab --output benchmarks/results/labs || exit; done

# On a machine with a GPU: the compiled kernels against float64, then their speed.
test-gpu: $(STAMP)
	TRITON_INTERPRET=0 .venv/bin/python -m pytest tests/kernels/test_on_a_gpu.py tests/memory_lm/test_on_a_gpu.py
	.venv/bin/newsroom kernels bench --device cuda --output benchmarks/results/kernels

# A real vLLM on CPU (3.5 GB in its own folder, a quarter of an hour): labels through it, and how
# often its answers keep their form.
VLLM ?= .vllm
VLLM_PORT ?= 8124
VLLM_SECONDS ?= 600
test-vllm: $(STAMP) .venv/llm
	test -e $(VLLM)/ready || scripts/vllm-cpu setup $(VLLM)
	scripts/vllm-cpu serve $(VLLM) $(VLLM_PORT) & server=$$!; trap "kill $$server" EXIT; \
	until curl -fs http://127.0.0.1:$(VLLM_PORT)/health; do kill -0 $$server || exit 1; sleep 1; done; \
	export VLLM_BASE_URL=http://127.0.0.1:$(VLLM_PORT)/v1; \
	.venv/bin/python -m pytest -m vllm tests/annotator/asking/test_real_vllm.py && \
	NEWSROOM_LLM__BASE_URL=$$VLLM_BASE_URL NEWSROOM_LLM__TIMEOUT_S=900 NEWSROOM_LLM__DATAMARK=false \
	.venv/bin/python -m benchmarks.served_model --name vllm-cpu --seconds $(VLLM_SECONDS)

# Scores on the data folder (NEWSROOM_DATA_DIR); hours on two cores. Results are committed.
quality: $(STAMP)
	.venv/bin/python -m annotator.heads.train --data "$(NEWSROOM_DATA_DIR)" --cache .cache
	.venv/bin/newsroom memory ablate --cache .cache
	.venv/bin/python -m annotator.heads.report --results benchmarks/results/labels
	.venv/bin/python -m annotator.events.tune --data "$(NEWSROOM_DATA_DIR)"
	.venv/bin/python -m benchmarks.extraction
	.venv/bin/python -m benchmarks.extraction_gate
	.venv/bin/python -m benchmarks.hostile
	.venv/bin/python -m benchmarks.front_pages
	.venv/bin/python -m benchmarks.near_copies
	.venv/bin/python -m benchmarks.blindspots
	.venv/bin/python -m annotator.sentences.train --data "$(NEWSROOM_DATA_DIR)" --cache .cache
	.venv/bin/python -m annotator.sentences.measure --data "$(NEWSROOM_DATA_DIR)" --results benchmarks/results/sentences
	.venv/bin/python -m benchmarks.blindness
	.venv/bin/newsroom quality injection --output benchmarks/results/quality
	.venv/bin/newsroom quality blindness --output benchmarks/results/quality --page docs/blindness.md

fmt: $(STAMP)
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

# torch comes first: a package that wants "any torch" must not bring another build. Nothing is compiled
# ahead: most of what comes is never imported.
$(STAMP): requirements/torch.txt requirements/runtime.txt requirements/models.txt requirements/dev.txt
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	$(PIP) install --quiet --upgrade pip
	$(PIP) install --quiet --no-compile -r requirements/torch.txt
	$(PIP) install --quiet --no-compile -r requirements/runtime.txt -r requirements/dev.txt
	$(PIP) install --quiet --no-deps -r requirements/models.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	rm -f .venv/stamp-*
	touch $@
