# KubeArmor. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(PATH):/usr/local/go/bin
export CGO_ENABLED ?= 0
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
MODULES := api policy bpf agent relay karmor e2e

.PHONY: help deps build generate test test-upgrade soak verify demo bench fuzz fmt clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install what building and testing need (Debian packages; needs root, and Go 1.26 or newer)
	@.ci/deps

build: deps ## put karmor, kubearmor-agent, kubearmor-relay, lab, demo and checks in bin/
	@mkdir -p bin
	go build -p 2 -trimpath -ldflags '$(LDFLAGS)' -o bin/karmor ./karmor/cmd/karmor
	go build -p 2 -trimpath -ldflags '$(LDFLAGS)' -o bin/kubearmor-agent ./agent/cmd/kubearmor-agent
	go build -p 2 -trimpath -ldflags '$(LDFLAGS)' -o bin/kubearmor-relay ./relay/cmd/kubearmor-relay
	go build -p 2 -trimpath -ldflags '$(LDFLAGS)' -o bin/lab ./e2e/cmd/lab
	go build -p 2 -trimpath -ldflags '$(LDFLAGS)' -o bin/checks ./e2e/cmd/checks
	go build -p 2 -trimpath -ldflags '$(LDFLAGS)' -o bin/demo ./e2e/cmd/demo

generate: deps ## regenerate deepcopy, CRDs, the protocols, the image header and the BPF objects
	cd api && go generate ./...
	cd policy && go generate ./...
	cd bpf && go generate ./...

test: build ## run every check of CI; closes with a table check/seconds
	bin/checks test

test-upgrade: build ## change the agent for another version and back under load, and get a locked node back, in a guest (KERNEL=6.1)
	.ci/test-upgrade $(or $(KERNEL),6.1)

soak: build ## run what takes too long for CI
	bin/checks soak

verify: build ## show line by line that an area's claims hold: make verify AREA=core
	@test -n "$(AREA)" || { echo 'name an area, e.g. make verify AREA=core' >&2; exit 2; }
	bin/checks --quiet verify-$(AREA)

demo: build ## nginx under policy in a throw-away guest (KERNEL=6.12); HOST=1 uses this host's own kernel
	@bin/demo $(if $(HOST),--host) $(if $(KERNEL),--kernel $(KERNEL))

bench: build ## measure matching and hooks; writes nothing, docs/performance.md says how to read it
	bin/checks bench

fuzz: ## fuzz every target, 30 s each (FUZZTIME=…)
	@.ci/fuzz $(or $(FUZZTIME),30s)

fmt: ## format the Go code
	gofmt -w $(MODULES)

clean: ## remove what was built; the cache of kernels and images stays (.cache)
	rm -rf bin
