# WSGI and ASGI side by side. `make` alone lists what there is.
# Every target sets itself up first: python3 (3.11 or newer) and make are enough.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/ready

SERVER ?=
WORKER ?=
PORT ?= 8000
WORKERS ?=
THREADS ?=
STACK ?=
TRACE ?=
REQUEST ?=
BODY ?=
SLOW ?=
LEAVE ?=
PROFILE ?= quick
STACKS ?=
SCENARIOS ?=
REPEATS ?=
RESUME ?=
ONLY ?=
SEED ?=
RUN ?= reports/latest
OPEN ?=
BASE ?=
NEW ?= reports/latest
THRESHOLD ?=
MARKDOWN ?=
ROUNDS ?=

# Options that are empty are left out.
option = $(if $(strip $($(2))),--$(1)='$($(2))')
counts = $(call option,port,PORT) $(call option,workers,WORKERS) \
	$(call option,threads,THREADS) $(if $(filter-out 0,$(TRACE)),--trace)
choice = $(call option,server,SERVER) $(call option,worker,WORKER) $(counts)

.DEFAULT_GOAL := help
.PHONY: help install serve-wsgi serve-asgi serve trace stacks diff load report \
	compare claims bench example readme test lint check format lock clean

help:
	@echo "WSGI and ASGI side by side. Targets:"
	@echo
	@echo "  make serve-wsgi    serve the WSGI app   SERVER=gunicorn|uvicorn WORKER=<class>"
	@echo "  make serve-asgi    serve the ASGI app   PORT= WORKERS= THREADS="
	@echo "  make serve         serve one stack      STACK=<id>"
	@echo "                     with TRACE=1 each of these prints the calls as they happen"
	@echo "  make trace         draw the calls of one request, WSGI beside ASGI"
	@echo "                     REQUEST='GET /hello' BODY=<text>|@<file> SLOW=body|read"
	@echo "                     LEAVE=150ms|2000B    STACKS=<id>,<id>"
	@echo "  make stacks        list the stacks, and what each is predicted to bear"
	@echo "  make diff          show the two apps side by side"
	@echo
	@echo "  make load          measure and report   PROFILE=smoke|quick|full STACKS="
	@echo "                                          SCENARIOS= REPEATS= RESUME=<run>"
	@echo "  make report        make a stored run's reports again   RUN=reports/<run>"
	@echo "                     OPEN=1 shows the page in a browser"
	@echo "                     MARKDOWN=1 prints it short, for a pull request"
	@echo "  make compare       two runs, cell by cell              BASE=reports/<run>"
	@echo "                     fails where NEW is worse            NEW=reports/<run>"
	@echo "                                                        THRESHOLD=25 MARKDOWN=1"
	@echo "  make claims        what people say of WSGI and ASGI, decided by running it"
	@echo "                     ONLY=<id>,<id>"
	@echo "  make bench         does the probe agree with hey and wrk?  STACKS= ROUNDS=6"
	@echo
	@echo "  make example       keep a run with the project         RUN=reports/<run>"
	@echo "  make readme        show in README.md what the example found"
	@echo
	@echo "  make test          run the tests"
	@echo "  make lint          ruff"
	@echo "  make check         ruff, format, mypy --strict, README.md; writes nothing"
	@echo "  make install       only set up $(VENV)"
	@echo "  make clean         remove $(VENV) and caches, keep reports"

install: $(READY)

$(READY): requirements.lock
	@command -v $(PYTHON) >/dev/null || \
	    { echo "error: no $(PYTHON): install Python 3.11 or newer" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "error: Python 3.11 or newer is needed: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "error: Python's venv is missing: apt-get install python3-venv" >&2; exit 2; }
	@echo "Setting up $(VENV) (once, under a minute) ..."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-compile --no-deps \
	    --require-hashes -r requirements.lock
	@touch $@

serve-wsgi: $(READY)
	@$(PY) -m loadtests serve --interface wsgi $(choice)

serve-asgi: $(READY)
	@$(PY) -m loadtests serve --interface asgi $(choice)

serve: $(READY)
	@$(if $(STACK),,echo "error: say which: make serve STACK=<id>; make stacks lists them" >&2; exit 2)
	@$(PY) -m loadtests serve --stack '$(STACK)' $(counts)

trace: $(READY)
	@$(PY) -m loadtests trace $(call option,request,REQUEST) $(call option,body,BODY) \
	    $(call option,slow,SLOW) $(call option,leave,LEAVE) $(call option,stacks,STACKS)

stacks: $(READY)
	@$(PY) -m loadtests stacks

diff:
	@diff --side-by-side --expand-tabs --width=$${COLUMNS:-181} \
	    wsgi_app/main.py asgi_app/main.py; test $$? -le 1

load: $(READY)
	@$(PY) -m loadtests load $(call option,profile,PROFILE) \
	    $(call option,stacks,STACKS) $(call option,scenarios,SCENARIOS) \
	    $(call option,repeats,REPEATS) $(call option,seed,SEED) \
	    $(call option,resume,RESUME)

report: $(READY)
	@$(PY) -m loadtests report '$(RUN)' $(if $(filter-out 0,$(OPEN)),--open) \
	    $(if $(filter-out 0,$(MARKDOWN)),--markdown)

compare: $(READY)
	@$(if $(BASE),,echo "error: say with what: make compare BASE=reports/<run>" >&2; exit 2)
	@$(PY) -m loadtests compare '$(BASE)' '$(NEW)' $(call option,threshold,THRESHOLD) \
	    $(if $(filter-out 0,$(MARKDOWN)),--markdown)

claims: $(READY)
	@$(PY) -m loadtests claims $(call option,only,ONLY)

bench: $(READY)
	@$(PY) -m loadtests bench $(call option,stacks,STACKS) $(call option,rounds,ROUNDS)

# A run that is kept with the project: its record and reports, samples if they are small.
example: $(READY)
	@$(PY) -m loadtests example '$(RUN)'

readme: $(READY)
	@$(PY) -m loadtests readme

# First what may share the machine, then what may not.
test: $(READY)
	@$(PY) -m pytest -n 3 --dist loadfile -m 'not quiet' -q \
	    --cov=wsgi_app --cov=asgi_app --cov=loadtests
	@$(PY) -m pytest -m quiet -q

lint: $(READY)
	@$(PY) -m ruff check .

check: $(READY)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m loadtests readme --check

format: $(READY)
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

# The lock file: exact versions and hashes, no addresses.
lock:
	@uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	    --extra test --custom-compile-command "make lock" \
	    pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
