package vendure_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
)

// TestMain ends the Vendure of the tests, if one was started.
func TestMain(m *testing.M) {
	status := m.Run()
	if err := stop(); err != nil {
		slog.Error("stop the Vendure of the tests", "error", err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// The server that the tests share, in a directory of its own.
var (
	sharedDir    string
	sharedServer *venduretest.Server
	startShared  = sync.OnceValue(func() error {
		var err error
		if sharedDir, err = os.MkdirTemp("", "orderbridge-vendure-"); err != nil {
			return err
		}
		// On a machine that has none it is installed.
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
		defer cancel()
		sharedServer, err = venduretest.Start(ctx, venduretest.Options{
			Dir:      sharedDir,
			Progress: func(format string, args ...any) { slog.Info(fmt.Sprintf(format, args...)) },
		})
		return err
	})
)

// shared returns the server that the tests share. Orders of other tests are in
// it, too.
func shared(t *testing.T) *venduretest.Server {
	t.Helper()
	require.NoError(t, startShared())
	return sharedServer
}

func stop() error {
	closeFixtures()
	if sharedDir == "" {
		return nil
	}
	var errs []error
	if sharedServer != nil {
		errs = append(errs, sharedServer.Err(), sharedServer.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(sharedDir))...)
}
