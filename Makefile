# One configuration for everything, so that `make run` and `make test` share one build.
CONFIGURATION ?= Release
SOLUTION := Httpmq.sln
APP := Httpmq.Api/bin/$(CONFIGURATION)/net10.0/Httpmq.Api.dll
BENCH := bench/Httpmq.Bench/bin/$(CONFIGURATION)/net10.0/Httpmq.Bench.dll
MICROBENCH := bench/Httpmq.MicroBench/bin/$(CONFIGURATION)/net10.0/Httpmq.MicroBench.dll
SCRIPTS := .ci/run scripts/nats-server scripts/test-servers
RESULTS := TestResults

CHAOS := chaos/Httpmq.Chaos/bin/$(CONFIGURATION)/net10.0/Httpmq.Chaos.dll

# Passed on: make run ARGS='-l info' · make test FILTER='FullyQualifiedName~Publish'
#            make test-servers SERVERS='2.9 2.10' (all three generations without it)
#            make bench CASE=publish-16,deliver-16 ROUNDS=5 JSON=figures.json · make bench ARGS=--list
#            make bench BASELINE=write, or a file to compare with, or none
#            make microbench FILTER='*Subject*'
ARGS ?=
FILTER ?=
CASE ?=
ROUNDS ?=
JSON ?=
BASELINE ?=

# make chaos SEED=7 DURATION=300 FAULTS=kill-leader,cut-nats
# Generations (2.9, 2.10, 2.15) for the three nodes: SERVERS=2.10 all of them · SERVERS=2.9,2.10,2.15 one each, a mixed cluster
#            SERVERS=2.9 UPGRADE=2.10,2.15 upgraded under load, node by node. Without SERVERS the one choice below.
SEED ?= 1
DURATION ?= 60
FAULTS ?= all
SERVERS ?=
UPGRADE ?=

comma := ,
space := $(subst ,, )
paths = $(subst $(space),$(comma),$(foreach generation,$(subst $(comma),$(space),$(1)),$(shell scripts/nats-server $(generation) || echo $(generation))))

# The one choice of server; scripts/nats-server says how it goes. make run NATS_SERVER=/path/to/another
SERVER = NATS_SERVER="$$(scripts/nats-server)" && export NATS_SERVER

export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1

.DEFAULT_GOAL := help
.PHONY: help run build test test-fast test-servers chaos abuse soak bench microbench lint fix compose doc snapshots client clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## Start management (3000) and dataplane (3001) on an embedded nats-server [ARGS=...]
	@$(SERVER) && dotnet build Httpmq.Api -c $(CONFIGURATION) -v q --nologo -clp:ErrorsOnly && \
		exec dotnet $(APP) all $(ARGS)

build: ## Build everything
	@dotnet build $(SOLUTION) -c $(CONFIGURATION) -v q --nologo

test: ## Run all tests [FILTER=...]
	@rm -rf $(RESULTS)
	@$(SERVER) && dotnet test $(SOLUTION) -c $(CONFIGURATION) --nologo -v q \
		--logger 'console;verbosity=minimal' --logger 'trx;LogFilePrefix=tests' --results-directory $(RESULTS) \
		$(if $(FILTER),--filter '$(FILTER)')

test-fast: ## Run the tests that need no nats-server: seconds [FILTER=...]
	@rm -rf $(RESULTS)
	@dotnet test Httpmq.Tests -c $(CONFIGURATION) --nologo -v q --logger 'console;verbosity=minimal' \
		--filter 'TestCategory!=broker&TestCategory!=process$(if $(FILTER),&($(FILTER)))'

test-servers: build ## Run the tests that talk to a nats-server on each generation of it [SERVERS='2.9 2.10'] [FILTER=...]
	@rm -rf $(RESULTS)
	@CONFIGURATION=$(CONFIGURATION) RESULTS=$(RESULTS) FILTER='$(FILTER)' scripts/test-servers $(or $(SERVERS),2.9 2.10 2.15)

chaos: build ## Break a cluster and its gateways under load, and check that nothing is lost [SEED=... DURATION=seconds FAULTS=... SERVERS=... UPGRADE=...]
	@$(SERVER) && dotnet $(CHAOS) --gateway $(APP) --seed $(SEED) --duration $(DURATION) --faults $(FAULTS) \
		$(if $(SERVERS),--servers '$(call paths,$(SERVERS))') $(if $(UPGRADE),--upgrade '$(call paths,$(UPGRADE))') $(ARGS)

abuse: build ## Let bad clients loose beside a good one, and see what it notices and what they leave behind [CASE=name,...]
	@$(SERVER) && dotnet $(BENCH) --app $(APP) --abuse $(if $(CASE),--case '$(CASE)') $(ARGS)

soak: build ## 100,000 subscriptions that come and go, 1,000,000 publishes: nothing may grow
	@$(SERVER) && dotnet $(BENCH) --app $(APP) --soak $(ARGS)

lint: ## Check formatting, analyzers (every warning is an error) and the shell scripts
	@dotnet build $(SOLUTION) -c $(CONFIGURATION) -v q --nologo -warnaserror
	@dotnet format $(SOLUTION) --no-restore --verify-no-changes
	@for script in $(SCRIPTS); do $$(sed -n '1s/^#!\(.*\)/\1/p' $$script) -n $$script || exit 1; done
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); fi

fix: ## Format the code and apply what the analyzers can mend
	@dotnet format $(SOLUTION)

compose: ## Validate compose.yaml
	@if docker compose version >/dev/null 2>&1; then \
		docker compose config -q && echo 'compose.yaml: valid'; \
	elif python3 -c 'import yaml' 2>/dev/null; then \
		python3 -c 'import yaml; yaml.safe_load(open("compose.yaml"))' && \
		echo 'compose.yaml: well-formed YAML; not checked against the Compose schema (needs docker compose)'; \
	else \
		echo 'compose.yaml: not checked (needs docker compose, or python3 with yaml)'; \
	fi

doc: build ## Write docs/configuration.md, and the OpenAPI documents to docs/openapi/
	@dotnet $(APP) configuration > docs/configuration.md.new && mv docs/configuration.md.new docs/configuration.md || \
		{ rm -f docs/configuration.md.new; exit 1; }
	@mkdir -p docs/openapi
	@for group in management dataplane; do \
		dotnet $(APP) openapi $$group > docs/openapi/$$group.json.new && \
		mv docs/openapi/$$group.json.new docs/openapi/$$group.json || \
		{ rm -f docs/openapi/$$group.json.new; exit 1; }; \
	done

snapshots: ## Write the files that are made from the code: public API of the layers, catalogue of events, tables of routes
	@HTTPMQ_UPDATE_SNAPSHOTS=1 dotnet test Httpmq.Tests -c $(CONFIGURATION) --nologo -v q --filter 'FullyQualifiedName~Architecture|FullyQualifiedName~ApiPageTests|FullyQualifiedName~RouteRightsTests|FullyQualifiedName~MetricsPageTests'

client: doc ## Generate the C# client from docs/openapi/
	@dotnet run -c $(CONFIGURATION) --project clients/csharp/Generate -- docs/openapi clients/csharp/Httpmq.Client/Generated

bench: build ## Measure Httpmq against raw NATS, below 10 minutes with three rounds [CASE=name,... ROUNDS=3 JSON=file BASELINE=file|none|write]
	@$(SERVER) && dotnet $(BENCH) --app $(APP) $(if $(CASE),--case '$(CASE)') $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(JSON),--json '$(JSON)') \
		$(if $(BASELINE),$(if $(filter write,$(BASELINE)),--write-baseline,--baseline '$(BASELINE)')) $(ARGS)

microbench: build ## Time the pieces of the hot paths [FILTER='*name*']
	@dotnet $(MICROBENCH) --filter $(if $(FILTER),'$(FILTER)','*')

clean: ## Remove what was built (the broker's data stays)
	@rm -rf Httpmq.*/bin Httpmq.*/obj chaos/*/bin chaos/*/obj clients/csharp/*/bin clients/csharp/*/obj bench/*/bin bench/*/obj BenchmarkDotNet.Artifacts $(RESULTS)
