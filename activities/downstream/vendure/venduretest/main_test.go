package venduretest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
)

// ownerEnv makes the test binary a program that runs a server in the directory
// that it names, until it is killed.
const ownerEnv = "ORDERBRIDGE_TEST_VENDURE_OWNER"

// TestMain lets the test binary stand in for other programs as well: for one
// that runs a server, and, under a name beside which there is a file NAME.fake,
// for what that file describes.
func TestMain(m *testing.M) {
	if behavior, err := os.ReadFile(os.Args[0] + ".fake"); err == nil {
		if err := fake(string(behavior), strings.Join(os.Args[1:], " ")); err != nil {
			slog.Error(err.Error())
			os.Exit(1)
		}
		return
	}
	if dir := os.Getenv(ownerEnv); dir != "" {
		own(dir)
		return
	}
	status := m.Run()
	if err := stop(); err != nil {
		slog.Error("stop the Vendure of the tests", "error", err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// own is a program that starts a server and can be killed.
func own(dir string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := venduretest.Start(ctx, venduretest.Options{Dir: dir})
	if err != nil {
		slog.Error(err.Error())
		return
	}
	_, _ = fmt.Fprintf(os.Stdout, "%s %d\n", s.URL, s.Process().Pid)
	<-s.Done()
}

// fake behaves as a command would, and notes that it was called.
func fake(behavior, args string) error {
	calls, err := os.OpenFile(os.Args[0]+".calls", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = calls.WriteString(args + "\n")
	if err := errors.Join(err, calls.Close()); err != nil {
		return err
	}
	switch behavior {
	case "npm":
		return nil
	case "node":
		return os.WriteFile(os.Getenv("VENDURE_DATABASE"), []byte(args), 0o600)
	case "npm that never ends":
		time.Sleep(time.Hour)
		return nil
	default:
		return errors.New("npm error code ETARGET")
	}
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
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
		defer cancel()
		sharedServer, err = venduretest.Start(ctx, venduretest.Options{
			Dir:      sharedDir,
			Progress: func(format string, args ...any) { slog.Info(fmt.Sprintf(format, args...)) },
		})
		return err
	})
)

// shared returns the server that the tests share.
func shared(t *testing.T) *venduretest.Server {
	t.Helper()
	require.NoError(t, startShared())
	return sharedServer
}

func stop() error {
	if sharedServer == nil {
		return nil
	}
	return errors.Join(sharedServer.Err(), sharedServer.Close(), os.RemoveAll(sharedDir))
}
