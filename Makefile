# WSGI and ASGI side by side. `make` alone lists what there is.
# Every target sets itself up first: python3 (3.11 or newer) and make are enough.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/ready

# -E: what runs is what is installed here, whatever PYTHONPATH and the like say. The tests
# and the linters heed them, as their users expect.

# What needs no package runs before anything is installed.
LIGHT = $(or $(wildcard $(PY)),$(PYTHON))

# Values do not pass through the text of this file or of the shell, which would change
# them: the program reads in MAKEFLAGS what was typed. loadtests/commands/targets.py says
# which target takes what. Exported as variables they would be expanded once more.
TYPED := $(strip $(foreach name,$(.VARIABLES),$(if $(findstring \
	command line,$(origin $(name))),$(name))))
unexport $(filter-out PATH,$(TYPED))

.DEFAULT_GOAL := help
# Those that run a command of the program.
COMMANDS := serve-wsgi serve-asgi serve trace stacks load fleet-worker doctor gate validate \
	report compare scale claims phases behaviours bench example readme audit
TARGETS := help install $(COMMANDS) diff test torture lint check format lock clean
.PHONY: typed $(TARGETS)

help:
	@$(LIGHT) -E -m loadtests.commands.typed help

# Every target refuses variables that are not for it, before it does anything else.
$(TARGETS) $(READY): | typed

typed: export GOALS := $(MAKECMDGOALS)
typed:
	@$(if $(TYPED),$(if $(wildcard $(PY)),,$(need_python)))
	@$(if $(TYPED),$(LIGHT) -E -m loadtests.commands.typed)

define need_python
command -v $(PYTHON) >/dev/null || \
    { echo "error: no $(PYTHON): install Python 3.11 or newer" >&2; exit 2; }; \
$(PYTHON) -E -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
    { echo "error: Python 3.11 or newer is needed: make PYTHON=python3.12" >&2; exit 2; }
endef

install: $(READY)

# A Python that is named is the one that is used: an environment of another version is
# set up anew.
VERSION := import sys; print(sys.version_info[:2])
ifeq ($(origin PYTHON) $(if $(wildcard $(PY)),there),command line there)
ifneq ($(shell $(PYTHON) -E -c '$(VERSION)' 2>/dev/null),$(shell $(PY) -E -c '$(VERSION)'))
$(READY): other-version
endif
endif

.PHONY: other-version
other-version:
	@echo "$(VENV) is of another Python than $(PYTHON)."

$(READY): requirements.lock
	@$(need_python)
	@$(PYTHON) -E -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "error: Python's venv is missing: apt-get install python3-venv" >&2; exit 2; }
	@echo "Setting up $(VENV) (once, under a minute) ..."
	@rm -rf $(VENV)
	@$(PYTHON) -E -m venv $(VENV)
	@$(PY) -E -m pip install --quiet --disable-pip-version-check --no-compile --no-deps \
	    --require-hashes -r requirements.lock
	@touch $@

$(COMMANDS): $(READY)
	@$(PY) -E -m loadtests make $@

diff:
	@$(LIGHT) -E -m loadtests.commands.diff

# More workers than two cores: many tests wait for a server or a client that is slow. Where
# Python is told to keep no bytecode, as in many containers, each of some hundred servers
# and generators would compile all that it imports. To trace coverage takes a fifth longer.
COVERED := --cov=wsgi_app --cov=asgi_app --cov=loadtests
test: $(READY)
	@env -u PYTHONDONTWRITEBYTECODE -u MAKEFLAGS -u MAKEOVERRIDES $(PY) -m pytest -n 6 \
	    --dist loadfile --no-loadscope-reorder -q \
	    $(if $(filter-out 0 no off,$(COVERAGE)),$(COVERED))

# Alone on the machine. Its tests mostly wait, so three files run at a time.
torture: $(READY)
	@env -u PYTHONDONTWRITEBYTECODE -u MAKEFLAGS -u MAKEOVERRIDES $(PY) -m pytest -p tests.torture.page \
	    -n 3 -m long \
	    --dist loadfile --no-loadscope-reorder -q

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
