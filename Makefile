# GNU make 3.81 (macOS) and newer. The recipes are one-liners; what needs more is a script in scripts/, which runs under any POSIX sh.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

# FFMPEG=/path/to/ffmpeg uses that build instead of the one in PATH: its folder goes to the front.
ifneq ($(findstring /,$(FFMPEG)),)
export PATH := $(abspath $(dir $(FFMPEG))):$(PATH)
endif

PKG = ./...
T = 10s

# go.work is for "go run ./examples/bot"; everything here uses the versions that each go.mod names.
export GOWORK = off

# Pure Go but for the race detector: vet, lint, examples and fuzz share one set of compiled packages.
GO = CGO_ENABLED=0 go

# What `make test` runs, the cheap first. Each of them is a target of its own.
STEPS = ffmpeg test-scripts check-fmt check-tidy vet build-examples lint nginx lab-tools test-go test-large cross "fuzz T=2s"

.PHONY: help demo preview test test-slow quality soak chromium ffmpeg test-scripts check-fmt check-tidy vet build-examples lint nginx lab-tools test-go test-large test-rtmp lab cross fuzz vuln fmt bench bench-go bench-compare cover clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  NO_INSTALL=1 prints how to install what is missing instead of doing it; FFMPEG=/path/to/ffmpeg uses that ffmpeg."

demo: ffmpeg ## play a song into a loopback group call; SONG=path-or-URL plays yours, FILM=… with its picture, ARGS=-pause adds flags
	@$(GO) run ./examples/loopback $(ARGS) $${FILM:+-film -- "$$FILM"} $${SONG:+-- "$$SONG"}

preview: ## hear and see in your browser what a group would; SONG=path-or-URL and FILM=… play yours, ARGS="-folder DIR" gives a choice
	@sh scripts/ensure-ffmpeg.sh || echo 'going on without ffmpeg, which the page will say'
	@$(GO) run ./examples/preview -open $(ARGS) -- $${SONG:+"$$SONG"} $${FILM:+"$$FILM"}

test: ## everything that must hold before a commit: about 9 minutes
	@MAKE='$(MAKE)' sh scripts/steps.sh $(STEPS)

test-slow: ffmpeg chromium ## the bot with gotd, whose compilation takes minutes, and two examples in a headless Chromium (ARTIFACTS=folder keeps screenshots)
	@HEAVY=1 CGO_ENABLED=0 sh scripts/each-module.sh sh -c \
	  'go mod tidy -diff && go vet ./... && go build -o /dev/null ./... && go test -v -p 1 -count=1 -shuffle=on -timeout 15m ./...'
	@$(MAKE) soak T=1m

quality: ffmpeg chromium ## measure what Chromium receives of a film, for docs/QUALITY.md; QUALITY=60s for how long, FILM=path plays yours
	@cd examples/browsertest && QUALITY=$${QUALITY:-60s} $(GO) test -v -count=1 -timeout 60m -run Quality ./preview

soak: T = 1m
soak: ffmpeg ## a random walk of 200 calls with faults, for T (1m); SEED=7 repeats one, ARGS="-calls 20"; RACE=1 under the race detector
	@$(if $(RACE),go run -race,$(GO) run) ./soak -for $(T) -seed $(or $(SEED),0) $(ARGS)

chromium: ## install Chromium, if its package is to be had: the tests in a browser use it, or say that they are skipped
	@sh scripts/ensure-chromium.sh

ffmpeg: ## install ffmpeg with the system's package manager if it is missing
	@sh scripts/ensure-ffmpeg.sh

test-scripts: ## test the scripts themselves
	@sh scripts/ensure-ffmpeg_test.sh
	@sh scripts/ensure-nginx_test.sh
	@sh scripts/ensure-chromium_test.sh
	@sh scripts/ensure-lab_test.sh
	@sh scripts/fuzz_test.sh

check-fmt: ## is everything gofmt'ed?
	@sh scripts/check-fmt.sh

check-tidy: ## is every go.mod tidy?
	@sh scripts/each-module.sh go mod tidy -diff || { echo 'not tidy; "go mod tidy" in that folder does it' >&2; exit 1; }

vet: ## go vet, examples included
	@CGO_ENABLED=0 sh scripts/each-module.sh go vet ./...

build-examples: ## build every example, also those that are modules of their own
	@CGO_ENABLED=0 sh scripts/build-examples.sh

lint: ## golangci-lint at its pinned version, built once into .tools/
	@sh scripts/golangci-lint.sh run

test-go: ffmpeg ## go test under the race detector, shuffled; PKG=./media/... for some packages
	@sh scripts/test-go.sh $(PKG)

test-large: ## what is too much for the race detector and smaller in test-go: a thousand calls, 200 joins at each loss and round trip, with their times
	@$(GO) test -count=1 -v -run '^(TestAThousandCallsToOneServerAddressAreConnected|TestACallIsConnectedSoonAlthoughManyPacketsAreLost)$$' .

nginx: ## install nginx with its RTMP module, if its package is to be had: the tests of broadcasts use it, or say that they are skipped
	@sh scripts/ensure-nginx.sh

test-rtmp: ffmpeg nginx ## of test-go the broadcasts to a real server alone, with their figures
	@sh scripts/test-go.sh -v -run RealServer .

lab-tools: ## install iproute2 and nftables, which the network lab works with, or say why it is skipped
	@sh scripts/ensure-lab.sh

lab: lab-tools ## two hosts and what happens to networks between them, in two minutes: docs/LAB.md. Linux, root or user namespaces
	@LAB_FULL=1 $(GO) test -v -count=1 -timeout 10m ./internal/lab

cross: ## build for the platforms we cannot run here, and compile their tests
	@sh scripts/cross.sh

fuzz: ## run every fuzz target for T each; T=5m for long, PKG=./jsonparams for one package
	@CGO_ENABLED=0 sh scripts/fuzz.sh $(T) $(PKG)
	@$(if $(filter ./...,$(PKG)),CGO_ENABLED=0 MODULE=examples/tempstream sh scripts/fuzz.sh $(T) ./...)

vuln: ## look the modules in use up in Go's list of known vulnerabilities, which takes a network
	@CGO_ENABLED=0 sh scripts/each-module.sh go run golang.org/x/vuln/cmd/govulncheck@v1.8.0 ./...

fmt: ## format everything, imports included
	@gofmt -s -w . && sh scripts/golangci-lint.sh fmt

bench: ffmpeg ## what calls cost beside bare pion, for docs/PERFORMANCE.md, in 5 minutes; ARGS="-what opus,peer -calls 100 -for 30s"
	@$(GO) run ./bench $(ARGS)

bench-go: ffmpeg ## run the Go benchmarks; PKG=./internal/pacer for one package
	@$(GO) test -run '^$$' -bench . -benchmem $(PKG)

bench-compare: ## the Go benchmarks beside those of another commit; REF=HEAD~1, PKG=./internal/pacer for one package
	@CGO_ENABLED=0 sh scripts/bench-compare.sh '$(REF)' $(PKG)

cover: ffmpeg ## measure test coverage over all packages into cover.out
	@$(GO) test -coverpkg=./... -coverprofile=cover.out $(PKG) && go tool cover -func=cover.out | tail -n 1
	@echo "by line: go tool cover -html=cover.out"

clean: ## remove what the targets above leave in the tree
	@rm -rf .tools cover.out
