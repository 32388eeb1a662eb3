package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.temporal.io/server/common/dynamicconfig"
)

// defaultDynamicConfig holds what the official tool sets for development too:
// new search attributes and Nexus endpoints are seen at once, which costs more
// database reads, for which the limits are raised.
func defaultDynamicConfig() map[dynamicconfig.Key]any {
	return map[dynamicconfig.Key]any{
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key():      true,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                    10000,
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():                 8096,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                     45000,
	}
}

// parseDynamicConfig reads KEY=JSON arguments. A key that this server does not
// have, or a value that does not fit its key, is an error: the server itself
// would ignore either, and a setting without effect is hard to notice.
func parseDynamicConfig(args []string) (dynamicconfig.ConfigValueMap, error) {
	pairs, err := parsePairs("--dynamic-config-value", args)
	if err != nil {
		return nil, err
	}

	loader := dynamicconfig.YamlLoader{Map: dynamicconfig.ConfigValueMap{}}

	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		if !json.Valid([]byte(pairs[key])) {
			return nil, fmt.Errorf("--dynamic-config-value: the value of %s is not JSON: %s", key, pairs[key])
		}

		// The loader wants YAML, of which JSON is a subset.
		loader.LoadValue(dynamicconfig.MakeKey(key), fmt.Appendf(nil, `[{"value": %s}]`, pairs[key]))
	}

	if err := errors.Join(append(loader.Errors, loader.Warnings...)...); err != nil {
		return nil, fmt.Errorf("--dynamic-config-value: %w", err)
	}

	return loader.Map, nil
}

// dynamicConfigClient lays the given values over the defaults.
func dynamicConfigClient(given dynamicconfig.ConfigValueMap) dynamicconfig.Client {
	values := dynamicconfig.StaticClient(defaultDynamicConfig())
	for key, value := range given {
		values[key] = value
	}

	return values
}
