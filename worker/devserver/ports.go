package devserver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gofrs/flock"
)

// ports are the two that a server gets.
type ports struct{ grpc, ui int }

const (
	portsLockName = "ports.lock"
	portsLockPoll = 50 * time.Millisecond
	// portsLockWait is longer than a start takes.
	portsLockWait = 45 * time.Second
)

// lockPorts keeps two runs that begin at the same moment from finding the same
// wanted port free: the second would take the first one's server for its own,
// which it is until its own has noticed that the port is taken. It only helps,
// so a lock that cannot be had is done without.
func lockPorts(ctx context.Context, o Options) (unlock func()) {
	if o.Port == AnyPort && o.UIPort == AnyPort {
		return func() {}
	}

	ctx, cancel := context.WithTimeout(ctx, portsLockWait)
	defer cancel()

	if err := os.MkdirAll(o.CacheDir, 0o700); err != nil {
		return func() {}
	}

	lock := flock.New(filepath.Join(o.CacheDir, portsLockName))
	_, _ = lock.TryLockContext(ctx, portsLockPoll)

	return func() { _ = lock.Close() }
}

// choosePorts finds two free ports, the wanted ones if possible. Both are held
// until both are known. Another process can still take one before the server
// does; launch tries again then.
func choosePorts(ctx context.Context, o Options) (ports, error) {
	var (
		p   ports
		err error
	)

	grpcListener, err := listen(ctx, o.Port)
	if err != nil {
		return p, err
	}
	defer func() { _ = grpcListener.Close() }()

	uiListener, err := listen(ctx, o.UIPort)
	if err != nil {
		return p, err
	}
	defer func() { _ = uiListener.Close() }()

	p = ports{grpc: portOf(grpcListener), ui: portOf(uiListener)}

	if o.Port != AnyPort && p.grpc != o.Port {
		o.Progress("port %d is taken, Temporal gets %d (to use a server that runs there, set TEMPORAL_ADDRESS=%s and a TEMPORAL_NAMESPACE of its own)",
			o.Port, p.grpc, address(o.Port))
	}

	if o.UIPort != AnyPort && p.ui != o.UIPort {
		o.Progress("port %d is taken, Temporal's Web UI gets %d", o.UIPort, p.ui)
	}

	return p, nil
}

// Ports are picked from below those that systems give to outgoing connections,
// which begin at 32768 on Linux and at 49152 elsewhere: a port that is free now
// could otherwise be the near end of some connection a moment later.
const (
	firstPort = 20000
	lastPort  = 32767
	pickTries = 100
)

// listen takes the wanted loopback port or, if that cannot be had, another.
func listen(ctx context.Context, wanted int) (net.Listener, error) {
	var lc net.ListenConfig

	if wanted != AnyPort {
		if l, err := lc.Listen(ctx, "tcp", address(wanted)); err == nil {
			return l, nil
		}
	}

	for range pickTries {
		port := firstPort + rand.IntN(lastPort-firstPort+1) //nolint:gosec // Nothing depends on its being unpredictable.
		if l, err := lc.Listen(ctx, "tcp", address(port)); err == nil {
			return l, nil
		}
	}

	l, err := lc.Listen(ctx, "tcp", address(0))
	if err != nil {
		return nil, fmt.Errorf("temporal server: find a free port on %s: %w", loopback, err)
	}

	return l, nil
}

// address is a port on loopback.
func address(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}

func portOf(l net.Listener) int {
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		panic(fmt.Sprintf("a TCP listener has the address %s", l.Addr()))
	}

	return addr.Port
}
