package devserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
)

const (
	connectTimeout = 5 * time.Second
	uiTimeout      = 2 * time.Second
	uiPortOffset   = 1000 // the official tool's default distance from the gRPC port
)

// errNoAnswer is wrapped when no Temporal server answers at an address.
var errNoAnswer = errors.New("no Temporal server answers")

// connect uses a running server. errNoAnswer means that there is none; any other
// error that there is one which cannot be used.
func connect(ctx context.Context, o Options) (*Server, error) {
	s := &Server{
		Address: o.Address, Namespace: o.Namespace, Source: SourceRunning, UIURL: strings.TrimRight(o.UIURL, "/"),
		options: o, done: make(chan struct{}),
	}

	dialCtx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()

	c, err := client.DialContext(dialCtx, s.ClientOptions())
	if err != nil {
		if unanswered(err) && ctx.Err() == nil {
			return nil, fmt.Errorf("temporal server: %w at %s (%w)", errNoAnswer, o.Address, err)
		}

		return nil, fmt.Errorf("temporal server: connect to %s: %w: check the address, TLS settings and credentials", o.Address, err)
	}

	c.Close()

	if s.UIURL == "" {
		s.UIURL = findUI(ctx, o.Address)
	}

	if err := s.PrepareNamespace(ctx, o.Namespace, o.SearchAttributes); err != nil {
		return nil, err
	}

	return s, nil
}

// unanswered tells silence from a refusal.
func unanswered(err error) bool {
	var (
		unavailable *serviceerror.Unavailable
		deadline    *serviceerror.DeadlineExceeded
	)

	return errors.As(err, &unavailable) || errors.As(err, &deadline) || errors.Is(err, context.DeadlineExceeded)
}

// findUI looks for a Web UI beside a server on this machine; empty if there is
// none.
func findUI(ctx context.Context, addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return ""
	}

	number, err := strconv.Atoi(port)
	if ip := net.ParseIP(host); err != nil || (host != "localhost" && (ip == nil || !ip.IsLoopback())) {
		return ""
	}

	base := "http://" + net.JoinHostPort(host, strconv.Itoa(number+uiPortOffset))

	ctx, cancel := context.WithTimeout(ctx, uiTimeout)
	defer cancel()

	// A path that other programs on that port are unlikely to have.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/settings", http.NoBody)
	if err != nil {
		return ""
	}

	res, err := (&http.Client{Timeout: uiTimeout}).Do(req)
	if err != nil {
		return ""
	}
	defer func() { _ = res.Body.Close() }()

	if res.StatusCode != http.StatusOK {
		return ""
	}

	return base
}

// accepts returns nil if something listens at an address.
func accepts(ctx context.Context, addr string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}

	return conn.Close()
}
