package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/server/common/dynamicconfig"
)

// defaultNamespace always exists, as with the official tool.
const defaultNamespace = "default"

// formatJSON is a log format, also by the name that zap has for it.
const formatJSON = "json"

// options is a parsed and checked "server start-dev" command line. Ports that
// were left open are still 0 here; start fills them in.
type options struct {
	dbFilename       string // SQLite file, empty keeps everything in memory
	dynamicConfig    dynamicconfig.ConfigValueMap
	headless         bool // no Web UI
	httpPort         int
	ip               string // loopback address of everything but the UI
	logConfig        bool
	logFormat        string
	logLevel         string
	metricsPort      int
	namespaces       []string
	port             int
	searchAttributes map[string]enumspb.IndexedValueType
	sqlitePragmas    map[string]string
	uiAssetPath      string
	uiCodecEndpoint  string
	uiIP             string
	uiPort           int
	uiPublicPath     string
}

// rawFlags holds the values that need more than pflag's own parsing.
type rawFlags struct {
	dynamicConfig, pragmas, searchAttributes []string
}

// parseFlags reads a whole command line, sub-commands included. Usage goes to
// usageTo, after which the error is [pflag.ErrHelp].
func parseFlags(args []string, usageTo io.Writer) (options, error) {
	var (
		o   options
		raw rawFlags
	)

	fs := pflag.NewFlagSet("temporal server start-dev", pflag.ContinueOnError)
	fs.SetOutput(usageTo)
	fs.Usage = func() { _, _ = fmt.Fprint(usageTo, usage+fs.FlagUsages()) }
	define(fs, &o, &raw)

	if err := fs.Parse(args); err != nil {
		return options{}, err
	}

	if got := fs.Args(); !slices.Equal(got, []string{"server", "start-dev"}) {
		return options{}, fmt.Errorf("unknown command %q: only \"server start-dev\" is known here; see --help", strings.Join(got, " "))
	}

	if err := o.complete(raw); err != nil {
		return options{}, err
	}

	return o, nil
}

// define lists the flags, alphabetically, with the official tool's names.
func define(fs *pflag.FlagSet, o *options, raw *rawFlags) {
	fs.StringVarP(&o.dbFilename, "db-filename", "f", "", "SQLite file that keeps all state; without it state is lost with the process")
	fs.StringArrayVar(&raw.dynamicConfig, "dynamic-config-value", nil, "dynamic configuration as KEY=JSON, repeatable; unknown keys are refused")
	fs.BoolVar(&o.headless, "headless", false, "run without the Web UI")
	fs.IntVar(&o.httpPort, "http-port", 0, "port of the HTTP API (default any free one)")
	fs.StringVar(&o.ip, "ip", "localhost", "loopback address to bind")
	fs.BoolVar(&o.logConfig, "log-config", false, "print the server's configuration to stderr")
	fs.StringVar(&o.logFormat, "log-format", "text", "server log format: text or json")
	fs.StringVar(&o.logLevel, "log-level", "warn", "server log level: debug, info, warn, error or never")
	fs.IntVar(&o.metricsPort, "metrics-port", 0, "port of the Prometheus endpoint /metrics (default any free one)")
	fs.StringArrayVarP(&o.namespaces, "namespace", "n", nil, "namespace to create besides \"default\", repeatable; kept 24 hours after close")
	fs.IntVarP(&o.port, "port", "p", 7233, "gRPC port")
	fs.StringArrayVar(&raw.searchAttributes, "search-attribute", nil, "search attribute of new namespaces as NAME=TYPE, repeatable")
	fs.StringArrayVar(&raw.pragmas, "sqlite-pragma", nil, "SQLite pragma as NAME=VALUE, repeatable")
	fs.StringVar(&o.uiAssetPath, "ui-asset-path", "", "directory with another Web UI")
	fs.StringVar(&o.uiCodecEndpoint, "ui-codec-endpoint", "", "codec server that the Web UI decodes payloads with")
	fs.Bool("ui-disable-news-fetch", true, "accepted for compatibility: this server never fetches news")
	fs.StringVar(&o.uiIP, "ui-ip", "", "loopback address of the Web UI (default that of --ip)")
	fs.IntVar(&o.uiPort, "ui-port", 0, "port of the Web UI (default --port + 1000)")
	fs.StringVar(&o.uiPublicPath, "ui-public-path", "", "path that the Web UI is served under")
}

// complete checks the values, reporting every mistake at once, and applies the
// defaults that depend on other flags.
func (o *options) complete(raw rawFlags) error {
	var errs [6]error

	o.ip, errs[0] = loopback("--ip", o.ip)

	if o.uiIP == "" {
		o.uiIP = o.ip
	} else {
		o.uiIP, errs[1] = loopback("--ui-ip", o.uiIP)
	}

	if o.uiPort == 0 {
		o.uiPort = min(o.port+1000, 65535)
	}

	o.dynamicConfig, errs[2] = parseDynamicConfig(raw.dynamicConfig)
	o.sqlitePragmas, errs[3] = parsePairs("--sqlite-pragma", raw.pragmas)
	o.searchAttributes, errs[4] = parseSearchAttributes(raw.searchAttributes)
	errs[5] = o.checkLog()

	o.namespaces = append([]string{defaultNamespace}, o.namespaces...)
	slices.Sort(o.namespaces)
	o.namespaces = slices.Compact(o.namespaces)

	return errors.Join(errs[:]...)
}

// checkLog accepts the official tool's levels and formats, its older names
// included.
func (o *options) checkLog() error {
	if !slices.Contains([]string{"debug", "info", "warn", "error", "never"}, o.logLevel) {
		return fmt.Errorf("--log-level: %q is none of debug, info, warn, error, never", o.logLevel)
	}

	if !slices.Contains([]string{"text", "pretty", formatJSON}, o.logFormat) {
		return fmt.Errorf("--log-format: %q is neither text nor json", o.logFormat)
	}

	return nil
}

// loopback resolves "localhost" and refuses whatever other machines can reach.
func loopback(name, host string) (string, error) {
	if host == "localhost" {
		return "127.0.0.1", nil
	}

	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", fmt.Errorf("%s: %q is not a loopback address; this server has no authentication and must not be reachable from outside", name, host)
	}

	return host, nil
}

// parsePairs reads NAME=VALUE arguments; the last one of a name wins.
func parsePairs(name string, args []string) (map[string]string, error) {
	pairs := make(map[string]string, len(args))

	for _, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%s: %q is not of the form NAME=VALUE", name, arg)
		}

		pairs[key] = value
	}

	return pairs, nil
}

// parseSearchAttributes reads NAME=TYPE arguments, types in any case.
func parseSearchAttributes(args []string) (map[string]enumspb.IndexedValueType, error) {
	pairs, err := parsePairs("--search-attribute", args)
	if err != nil {
		return nil, err
	}

	attributes := make(map[string]enumspb.IndexedValueType, len(pairs))

	for name, typeName := range pairs {
		for known, value := range enumspb.IndexedValueType_shorthandValue {
			if strings.EqualFold(known, typeName) && value != 0 {
				attributes[name] = enumspb.IndexedValueType(value)
			}
		}

		if attributes[name] == enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED {
			return nil, fmt.Errorf("--search-attribute: %q has no type %q; there are Text, Keyword, Int, Double, Bool, Datetime, KeywordList", name, typeName)
		}
	}

	return attributes, nil
}
