package doctorcmd

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/worker"
)

// maxAnswer bounds what is read of an answer: a page of metrics of a process
// with many channels.
const maxAnswer = 16 << 20

// processes looks at the processes on this machine whose addresses the
// environment names.
func (e *examination) processes(ctx context.Context) {
	ingress, ops := e.environment["ORDERBRIDGE_LISTEN_ADDRESS"], e.environment["ORDERBRIDGE_OPS_ADDRESS"]
	e.check(ctx, "ingress", func(ctx context.Context) Finding {
		return e.knock(ctx, "ORDERBRIDGE_LISTEN_ADDRESS", ingress, func(ctx context.Context, base string) Finding { return e.ready(ctx, base) })
	})
	e.check(ctx, "operators", func(ctx context.Context) Finding {
		return e.knock(ctx, "ORDERBRIDGE_OPS_ADDRESS", ops, func(ctx context.Context, base string) Finding {
			if f := e.ready(ctx, base); f.Advice != "" {
				return f
			}
			return e.metrics(ctx, base)
		})
	})
}

// knock looks at the process that listens at an address, if one is given.
func (e *examination) knock(ctx context.Context, variable, address string, look func(ctx context.Context, base string) Finding) Finding {
	switch address {
	case "":
		return skipped(variable + " is not set here: nothing says where it listens.")
	case worker.Off:
		return skipped(variable + " is off.")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "0" {
		return skipped(variable + " names no port to look at.")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // listening everywhere includes here
	}
	return look(ctx, "http://"+net.JoinHostPort(host, port))
}

// ready asks a process whether it lives and whether it can do its work.
func (e *examination) ready(ctx context.Context, base string) Finding {
	status, _, err := get(ctx, base+"/healthz")
	if err != nil {
		return silence(base, err)
	}
	if status != http.StatusOK {
		return foreign(base, "/healthz", status)
	}
	status, body, err := get(ctx, base+"/readyz")
	if err != nil {
		return silence(base, err)
	}
	var readiness struct {
		Checks []struct {
			Name    string `json:"name"`
			Ready   bool   `json:"ready"`
			Message string `json:"message"`
		} `json:"checks"`
	}
	if json.Unmarshal(body, &readiness) != nil || status != http.StatusOK && status != http.StatusServiceUnavailable {
		return foreign(base, "/readyz", status)
	}
	var missing []string
	for _, check := range readiness.Checks {
		if !check.Ready {
			missing = append(missing, check.Name+": "+check.Message)
		}
	}
	if status != http.StatusOK {
		return failed(fmt.Sprintf("The process at %s runs, but is not ready: %s.", base, strings.Join(missing, "; ")),
			"See to what it says; its log says more.")
	}
	return ok("The process at %s runs, and is ready.", base)
}

// buildLine matches what a process says of itself among its metrics.
var buildLine = regexp.MustCompile(`(?m)^orderbridge_build_info\{[^}]*\bversion="([^"]{1,100})"`)

// metrics looks whether a process that is ready offers its metrics.
func (e *examination) metrics(ctx context.Context, base string) Finding {
	status, body, err := get(ctx, base+"/metrics")
	if err != nil {
		return silence(base, err)
	}
	if status != http.StatusOK {
		return foreign(base, "/metrics", status)
	}
	match := buildLine.FindSubmatch(body)
	if match == nil {
		return failed(base+"/metrics has no metric of Orderbridge.", "See which process listens there.")
	}
	running, here := string(match[1]), process.ReadVersion().Version
	if running != here {
		return warning(fmt.Sprintf("The process at %s runs, is ready and offers metrics. It is version %s, and this command is %s.", base, running, here),
			"Use the command of the same version, or restart the process if it was to be upgraded.")
	}
	return ok("The process at %s runs, is ready and offers metrics. It is version %s, as this command.", base, running)
}

// get asks for a page and returns its status and its beginning.
func get(ctx context.Context, url string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	transport := &http.Transport{DisableKeepAlives: true} // and no proxy: it is on this machine
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, body, err
}

// silence says that nobody answered at an address.
func silence(base string, err error) Finding {
	why := "it does not answer"
	if operation, ok := errors.AsType[*net.OpError](err); ok && operation.Op == "dial" {
		why = "nobody takes connections there"
	}
	return failed(fmt.Sprintf("No process of Orderbridge answers at %s: %s.", base, why),
		"Start it, and look into its log if it ended; or run this command on the machine on which it runs.")
}

// foreign says that something else than was expected answers.
func foreign(base, path string, status int) Finding {
	return failed(fmt.Sprintf("What answers at %s is not as Orderbridge: HTTP %s for %s.", base, cmp.Or(http.StatusText(status), strconv.Itoa(status)), path),
		"See which process listens there.")
}
