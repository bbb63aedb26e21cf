# Every target works on a fresh clone with nothing but Python 3.11 or newer: `devstack` makes .venv on the way.
# `exec` lets signals for make's child reach devstack itself, which then stops what it started.
.DEFAULT_GOAL := help
.PHONY: help run test check coverage fmt openapi messages client schemathesis lock reset clean install fuzz chaos bench

ARGS ?=
PYTHONS = python3.14 python3.13 python3.12 python3.11 python3
MODERN = import sys; sys.exit(sys.version_info < (3, 11))

define devstack
@for python in $(PYTHONS); do \
	if "$$python" -c '$(MODERN)' >/dev/null 2>&1; then exec "$$python" -m devstack $(1); fi; \
done; \
echo "Python 3.11 or newer is needed, and the PATH has only $$(python3 --version 2>/dev/null || echo none);" \
	"install one and start again." >&2; exit 1
endef

help: ## list the targets
	@echo "Targets:"
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1\t/p' Makefile | expand -t 20

run: ## start everything on this machine and print its address (PORT=8000 DEVSTACK_DIR=.devstack)
	$(call devstack,run)

test: ## run the whole test suite on servers of its own (ARGS="-k forum" go to pytest)
	$(call devstack,test $(ARGS))

check: ## run exactly what continuous integration runs
	$(call devstack,check)

LEAST_COVERAGE = 92

coverage: ## run the tests and tell what they reach; fails below 92 % of the lines and branches of apps/
	$(call devstack,test --cov=apps --cov-branch --cov-report=term:skip-covered --cov-fail-under=$(LEAST_COVERAGE))

install: ## make or complete .venv with all development tools
	$(call devstack,install)

fmt: install ## format the code and mend what ruff can mend
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

openapi: install ## write docs/api/openapi.yaml from the code
	@mkdir -p docs/api
	@.venv/bin/python manage.py spectacular --validate --fail-on-warn --file docs/api/openapi.yaml

messages: install ## bring the catalogs in locale/ up to date with the code and compile them
	@.venv/bin/python -m devstack.catalog

client: openapi ## write the TypeScript types from the description (needs Node 20 or newer)
	@cd clients/typescript && npm ci && npm run generate

EXAMPLES ?= 100

schemathesis: ## try the whole API with requests nobody would think of (EXAMPLES=100 per operation, SEED=)
	$(call devstack,test -n 0 -s tests/test_contract_fuzzing.py $(ARGS))
schemathesis: export SCHEMATHESIS_EXAMPLES = $(EXAMPLES)
schemathesis: export SCHEMATHESIS_SEED = $(SEED)

MINUTES ?= 60
SEED ?=

fuzz: install ## damage photos in every way for an hour and look for a crash (MINUTES=60 SEED=1)
	@.venv/bin/python -m tests.fuzz_photos --minutes $(MINUTES) --server-every 100 $(if $(SEED),--seed $(SEED))

CHAOS_MINUTES = $(if $(filter file,$(origin MINUTES)),10,$(MINUTES))

chaos: install ## stop, kill and slow everything in turn under a steady load (MINUTES=10 SEED=1)
	@.venv/bin/python -m tests.chaos --minutes $(CHAOS_MINUTES) $(if $(SEED),--seed $(SEED))

bench: install ## measure every promised number and write the table of docs/benchmarks.md (ONLY=cached)
	@.venv/bin/python -m benchmarks $(foreach name,$(ONLY),--only $(name))

COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate

lock: ## compile requirements*.txt from requirements*.in (needs uv; UPGRADE=--upgrade for newer versions)
	$(COMPILE) $(UPGRADE) requirements.in -o requirements.txt
	$(COMPILE) $(UPGRADE) -c requirements.txt requirements-devstack.in -o requirements-devstack.txt
	$(COMPILE) $(UPGRADE) -c requirements.txt -c requirements-devstack.txt requirements-dev.in -o requirements-dev.txt

reset: ## delete the data in DEVSTACK_DIR, so that the next start begins anew
	$(call devstack,reset)

clean: ## delete .venv, the caches and the data in DEVSTACK_DIR
	$(call devstack,clean)
