# `make` alone lists what works. Needed: git, make, ca-certificates, python3 (3.11 to 3.13) with venv; nothing else.
.DEFAULT_GOAL := help
# Every process of the platform starts a third faster from modules that are compiled once.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help setup run demo check test stories prove bench law fresh ci clean

BIN := .venv/bin
# Share of the long proofs that `make prove` runs; `make ci` takes a tenth.
PROVE ?= 1
# Databases that checks need for themselves are made here, never in the data folder of `make run`.
SCRATCH := $(CURDIR)/build/check
# Two of everything: the proofs were timed on two cores.
WORKERS ?= 2

help: ## 列出可用目标 (list the targets)
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s%s\n", $$1, $$2 }' Makefile

setup: ## 安装开发环境 (install what developers need)
	@scripts/environment dev

run: ## 启动平台：http://127.0.0.1:8000 (set up what is missing and start everything)
	@scripts/environment server
	@$(BIN)/mifeng init --sample
	@exec $(BIN)/mifeng serve

demo: ## 演示：从进场到结果和核验，演完留着看 (play the main job, then leave it running; DEMO_EXIT=1 ends it)
	@scripts/environment server
	@exec $(BIN)/mifeng demo

check: setup ## 静态检查 (lint, format, types, walls, migrations, house tests)
	@$(MAKE) --no-print-directory --jobs=$(WORKERS) --output-sync=target types walls house lint migrations

.PHONY: types walls house lint migrations
types:
	$(BIN)/mypy

walls:
	$(BIN)/lint-imports

house:
	$(BIN)/pytest -q tests/house

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

migrations:
	MIFENG_DATA=$(SCRATCH) $(BIN)/mifeng django makemigrations --check --dry-run

# Two files of tests at a time; each file stays in one process, and the longest begin first.
BOTH := -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test: setup ## 测试：规则、业务、页面、并发；结构在 check，长时在 prove (all tests but browser, house and long proofs)
	$(BIN)/pytest -q $(BOTH) -m "not prove" --ignore tests/stories --ignore tests/house tests

stories: setup ## 浏览器情景 (stories in headless Chromium)
	@scripts/browser
	$(BIN)/pytest -q $(BOTH) -m "not prove" tests/stories

prove: setup ## 长时验证；PROVE=0.1 取十分之一 (long proofs, or a share of them)
	MIFENG_PROVE=$(PROVE) $(BIN)/pytest -q $(BOTH) -m prove tests

bench: setup ## 性能数据，写入 build/bench.json (figures)
	$(BIN)/python -m tests.bench

law: setup ## 条款、规则与测试对照 (clause → rule → tests)
	$(BIN)/mifeng law

fresh: ## 在最小 Debian 中验证 make run，须 root (prove `make run` in a minimal Debian)
	@python3 scripts/fresh.py

# The story of the posts up to the close is left to `make stories`: the one of the demo goes the same way and further.
ci: setup check test ## 持续集成的全部步骤 (what CI runs: all tests, then stories and a tenth of the proofs side by side)
	@scripts/browser
	MIFENG_PROVE=0.1 $(BIN)/pytest -q $(BOTH) -m "prove or story" --ignore tests/stories/test_posts.py tests

clean: ## 删除环境与缓存，不动数据 (remove environment and caches, never data)
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
