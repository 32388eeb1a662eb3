package main

import (
	"bytes"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/dynamicconfig"
)

func TestParseFlags(t *testing.T) {
	t.Parallel()

	parse := func(args ...string) (options, error) {
		return parseFlags(append([]string{"server", "start-dev"}, args...), &bytes.Buffer{})
	}

	t.Run("Defaults", func(t *testing.T) {
		t.Parallel()

		o, err := parse()
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1", o.ip)
		require.Equal(t, "127.0.0.1", o.uiIP)
		require.Equal(t, 7233, o.port)
		require.Equal(t, 8233, o.uiPort)
		require.Equal(t, []string{"default"}, o.namespaces)
		require.Empty(t, o.dbFilename)
	})

	t.Run("WhatTheSDKPasses", func(t *testing.T) {
		t.Parallel()

		o, err := parse("--ip", "127.0.0.1", "--port", "7300", "--namespace", "orders",
			"--dynamic-config-value", "frontend.enableServerVersionCheck=false", "--log-level", "error",
			"--log-format", "pretty", "--headless", "--db-filename", "x.db", "--search-attribute", "Order=Keyword")
		require.NoError(t, err)
		require.True(t, o.headless)
		require.Equal(t, "x.db", o.dbFilename)
		require.Equal(t, []string{"default", "orders"}, o.namespaces)
		require.Equal(t, enumspb.INDEXED_VALUE_TYPE_KEYWORD, o.searchAttributes["Order"])
		require.Equal(t, false, o.dynamicConfig[dynamicconfig.MakeKey("frontend.enableServerVersionCheck")][0].Value)
	})

	t.Run("ValuesWithEqualsSigns", func(t *testing.T) {
		t.Parallel()

		o, err := parse("--sqlite-pragma", "a=b=c", "--sqlite-pragma", "journal_mode=wal")
		require.NoError(t, err)
		require.Equal(t, map[string]string{"a": "b=c", "journal_mode": "wal"}, o.sqlitePragmas)
	})

	t.Run("UIPortStaysInRange", func(t *testing.T) {
		t.Parallel()

		o, err := parse("--port", "65000")
		require.NoError(t, err)
		require.Equal(t, 65535, o.uiPort)
	})

	t.Run("Help", func(t *testing.T) {
		t.Parallel()

		var out bytes.Buffer

		_, err := parseFlags([]string{"server", "start-dev", "--help"}, &out)
		require.ErrorIs(t, err, pflag.ErrHelp)
		require.Contains(t, out.String(), "--sqlite-pragma")
	})

	t.Run("EveryMistakeAtOnce", func(t *testing.T) {
		t.Parallel()

		_, err := parse("--ip", "0.0.0.0", "--log-level", "loud", "--search-attribute", "A=Money")
		require.ErrorContains(t, err, "not a loopback address")
		require.ErrorContains(t, err, `"loud"`)
		require.ErrorContains(t, err, `no type "Money"`)
	})

	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"OtherCommand":       {[]string{"operator", "namespace"}, "unknown command"},
		"NoCommand":          {nil, "unknown command"},
		"UnknownFlag":        {[]string{"server", "start-dev", "--shards", "4"}, "unknown flag"},
		"UIReachableOutside": {[]string{"server", "start-dev", "--ui-ip", "192.0.2.1"}, "--ui-ip"},
		"PragmaWithoutValue": {[]string{"server", "start-dev", "--sqlite-pragma", "wal"}, "NAME=VALUE"},
		"LogFormat":          {[]string{"server", "start-dev", "--log-format", "xml"}, "--log-format"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := parseFlags(tc.args, &bytes.Buffer{})
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestParseDynamicConfig(t *testing.T) {
	t.Parallel()

	t.Run("JSONTypes", func(t *testing.T) {
		t.Parallel()

		// The server's own type checks demand an int where JSON knows numbers only.
		m, err := parseDynamicConfig([]string{
			"history.transferProcessorMaxPollRPS=2000", "matching.enableFairness=true", "history.persistenceMaxQPS=45000",
		})
		require.NoError(t, err)
		require.Equal(t, 2000, m[dynamicconfig.TransferProcessorMaxPollRPS.Key()][0].Value)
		require.Equal(t, true, m[dynamicconfig.MatchingEnableFairness.Key()][0].Value)
	})

	t.Run("OverridesDefault", func(t *testing.T) {
		t.Parallel()

		m, err := parseDynamicConfig([]string{"frontend.persistenceMaxQPS=7"})
		require.NoError(t, err)

		client := dynamicConfigClient(m)
		require.Equal(t, 7, client.GetValue(dynamicconfig.FrontendPersistenceMaxQPS.Key())[0].Value)
		require.Equal(t, true, client.GetValue(dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key())[0].Value)
	})

	for name, tc := range map[string]struct{ arg, want string }{
		"UnknownKey": {"matching.noSuchThing=1", "matching.nosuchthing"},
		"NotJSON":    {"matching.enableFairness=yes", "not JSON"},
		"NotYAMLTag": {`matching.enableFairness=1}, {"value": true`, "not JSON"},
		"WrongType":  {`matching.enableFairness="maybe"`, "matching.enablefairness"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			_, err := parseDynamicConfig([]string{tc.arg})
			require.ErrorContains(t, err, tc.want)
		})
	}
}
