.DEFAULT_GOAL := help
TOOLS := go tool -modfile=.ci/tools/go.mod

help: ## Say what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build the binary, with its version
	go build -trimpath -ldflags "-s -w \
	  -X github.com/orderbridge/orderbridge/cmd/orderbridge/process.version=$$(git describe --tags --always --dirty 2>/dev/null) \
	  -X github.com/orderbridge/orderbridge/cmd/orderbridge/process.commit=$$(git rev-parse HEAD 2>/dev/null)" \
	  -o orderbridge ./cmd/orderbridge

release: ## Build the archives of a release, with checksums and bills of materials, in dist/
	go run ./deploy/release --out dist

# Another architecture than this machine's: make image ARCH=arm64.
ARCH ?= $$(go env GOARCH)
IMAGE ?= orderbridge:latest
image: ## Build the container image IMAGE for linux/ARCH
	go run ./deploy/release --binaries --target linux/$(ARCH) --out dist/image
	docker build --platform linux/$(ARCH) --build-arg TARGETARCH=$(ARCH) \
	  --build-arg VERSION=$$(git describe --tags --always --dirty) --build-arg REVISION=$$(git rev-parse HEAD) \
	  --file deploy/image/Dockerfile --tag $(IMAGE) dist/image

dev: ## Run everything on this machine and tell the story
	go run ./cmd/orderbridge dev

test: ## Run every test; ARGS are passed on to go test
	bash .ci/test $(ARGS)

lint: ## Check the code without running it
	bash .ci/lint

format: ## Format the code
	$(TOOLS) golangci-lint fmt

histories: ## Record the histories of the replay test anew (not those of a release)
	go test ./cmd/orderbridge/pipeline -record

fuzz: ## Run every fuzz target for half a minute
	@set -e; for pkg in $$(go list ./...); do \
	  for target in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target\$$" -fuzztime 30s -fuzzminimizetime 5x $$pkg; \
	  done; done

.PHONY: help build release image dev test lint format histories fuzz
