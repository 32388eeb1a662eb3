package devserver_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/orderbridge/orderbridge/worker/devserver"
)

// ownerEnv makes the test binary a program that runs a server on the directory
// it names, until it is killed.
const ownerEnv = "ORDERBRIDGE_TEST_SERVER_OWNER"

// TestMain lets the test binary stand in for other programs as well: under a name
// beside which there is a file NAME.fake, for the one that this file describes. A
// script would do too, but running a file just written fails now and then while
// other tests start processes ("text file busy").
func TestMain(m *testing.M) {
	if behavior, err := os.ReadFile(os.Args[0] + ".fake"); err == nil {
		if err := fake(string(behavior), os.Args[1:]); err != nil {
			slog.Error(err.Error())
			os.Exit(1)
		}

		return
	}

	if dir := os.Getenv(ownerEnv); dir != "" {
		own(dir)
		return
	}

	os.Exit(m.Run())
}

// own is a program that starts a server and can be killed.
func own(dir string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	s, err := devserver.Start(ctx, devserver.Options{DataDir: dir, Port: devserver.AnyPort, UIPort: devserver.AnyPort})
	if err != nil {
		slog.Error(err.Error())
		return
	}

	_, _ = os.Stdout.WriteString(s.Address + "\n")

	<-s.Done()
}

// fake behaves as a command would.
func fake(behavior string, args []string) error {
	calls, err := os.OpenFile(os.Args[0]+".calls", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}

	_, err = calls.WriteString(strings.Join(args, " ") + "\n")
	if err := errors.Join(err, calls.Close()); err != nil {
		return err
	}

	switch behavior {
	case "temporal":
		_, err = os.Stdout.WriteString("temporal version 1.9.1 (Server 1.32.1, UI 2.55.0)\n")
	case "temporal that is old":
		_, err = os.Stdout.WriteString("temporal version 0.13.0 (Server 1.24.2, UI 2.28.0)\n")
	case "temporal without a server":
		if slices.Contains(args, "start-dev") {
			err = errors.New("unknown command")
		} else {
			_, err = os.Stdout.WriteString("temporal version 9.0.0 (Server 2.0.0, UI 3.0.0)\n")
		}
	case "something else":
		_, err = os.Stdout.WriteString("temporal logic prover 3.1\n")
	case "temporal that fails":
		err = errors.New("the disk is on fire")
	case "temporal without a port":
		err = errors.New("listen tcp 127.0.0.1:7233: bind: address already in use")
	case "temporal that never answers":
		time.Sleep(time.Hour)
	case "temporal that will not stop":
		signal.Ignore(syscall.SIGTERM)

		_, err = os.Stdout.WriteString("never\n")

		time.Sleep(time.Hour)
	case "go":
		if args[0] == "list" {
			_, err = os.Stdout.WriteString("errors\nfmt\nmain\n")
		} else {
			_, _ = os.Stderr.WriteString("go: downloading example.com/m v1.0.0\nerrors\nfmt\n")
			err = os.WriteFile(args[slices.Index(args, "-o")+1], []byte("built"), 0o600)
		}
	case "go that fails":
		if args[0] == "build" {
			_, _ = os.Stderr.WriteString("errors\n# example.com/m\n./main.go:7:1: syntax error\n")
			err = errors.New("exit")
		}
	default:
		err = errors.New("no fake is called " + behavior)
	}

	return err
}
