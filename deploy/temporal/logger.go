package main

import (
	"fmt"

	"go.temporal.io/server/common/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newLogger writes the server's log to stderr in the asked-for form. The
// returned level changes while the server runs. There are no stack traces: they
// are the server's own, dozens of lines each, and nobody here acts on them.
func newLogger(o options) (log.Logger, zap.AtomicLevel, error) {
	level := zap.NewAtomicLevelAt(zapcore.FatalLevel)

	if o.logLevel != "never" {
		parsed, err := zapcore.ParseLevel(o.logLevel)
		if err != nil {
			return nil, level, fmt.Errorf("--log-level: %w", err)
		}

		level.SetLevel(parsed)
	}

	conf := zap.NewProductionConfig()
	conf.Level = level
	conf.DisableStacktrace = true
	conf.DisableCaller = true
	conf.EncoderConfig.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	conf.Encoding = "console"

	if o.logFormat == formatJSON {
		conf.Encoding = formatJSON
	}

	logger, err := conf.Build()
	if err != nil {
		return nil, level, fmt.Errorf("set up logging: %w", err)
	}

	return log.NewZapLogger(logger), level, nil
}
