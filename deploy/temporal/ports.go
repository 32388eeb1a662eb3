package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
)

// hostPort joins an address and a port, IPv6 included.
func hostPort(ip string, port int) string {
	return net.JoinHostPort(ip, strconv.Itoa(port))
}

// bracket writes an IPv6 address as the UI server wants it, which joins host
// and port without looking.
func bracket(ip string) string {
	if strings.Contains(ip, ":") {
		return "[" + ip + "]"
	}

	return ip
}

// checkPorts reports the first asked-for port that another process holds. The
// server and the UI would otherwise end the process from deep inside.
func (o *options) checkPorts(ctx context.Context) error {
	for _, p := range []struct {
		flag, ip string
		port     int
		used     bool
	}{
		{"--port", o.ip, o.port, true},
		{"--ui-port", o.uiIP, o.uiPort, !o.headless},
		{"--http-port", o.ip, o.httpPort, o.httpPort != 0},
		{"--metrics-port", o.ip, o.metricsPort, o.metricsPort != 0},
	} {
		if !p.used {
			continue
		}

		l, err := listen(ctx, p.ip, p.port)
		if err != nil {
			return fmt.Errorf("%s %d cannot be used: %w", p.flag, p.port, err)
		}

		_ = l.Close()
	}

	return nil
}

// Ports are picked from below those that systems give to outgoing connections,
// which begin at 32768 on Linux and at 49152 elsewhere: a port that is free now
// could otherwise be the near end of some connection a moment later.
const (
	firstPort = 20000
	lastPort  = 32767
	pickTries = 100
)

// freePorts returns n different ports that were free a moment ago. All of them
// are held until the last is found, otherwise one could come twice.
func freePorts(ctx context.Context, ip string, n int) ([]int, error) {
	ports := make([]int, 0, n)

	for range n {
		l, err := listenAnywhere(ctx, ip)
		if err != nil {
			return nil, fmt.Errorf("find a free port on %s: %w", ip, err)
		}
		defer func() { _ = l.Close() }() //nolint:gocritic // All are held until the function returns: see above.

		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			return nil, fmt.Errorf("find a free port on %s: unexpected address %s", ip, l.Addr())
		}

		ports = append(ports, addr.Port)
	}

	return ports, nil
}

// listenAnywhere takes a port from the range or, if it is very full, any.
func listenAnywhere(ctx context.Context, ip string) (net.Listener, error) {
	for range pickTries {
		port := firstPort + rand.IntN(lastPort-firstPort+1) //nolint:gosec // Nothing depends on its being unpredictable.
		if l, err := listen(ctx, ip, port); err == nil {
			return l, nil
		}
	}

	return listen(ctx, ip, 0)
}

func listen(ctx context.Context, ip string, port int) (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(ctx, "tcp", hostPort(ip, port))
}
