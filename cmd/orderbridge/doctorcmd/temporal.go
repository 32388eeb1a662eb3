package doctorcmd

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/setupcmd/namespace"
	"github.com/orderbridge/orderbridge/worker"
	"github.com/orderbridge/orderbridge/workflows"
)

// oldestServer is the oldest minor version of a Temporal server of major version
// 1 that has all that Orderbridge relies on, and releases that are still mended.
const oldestServer = 28

// repetitions is how long BigCommerce documents that it repeats a webhook.
const repetitions = 48 * time.Hour

// reach connects to Temporal, and reports whether it answers.
func (e *examination) reach(ctx context.Context) bool {
	return e.check(ctx, "temporal", func(ctx context.Context) Finding {
		connection := worker.Connection{Environment: e.environment, Logger: slog.New(slog.DiscardHandler)}
		options, err := worker.ClientOptions(connection)
		if err != nil {
			return failed(sentence(err.Error()), "Correct the TEMPORAL_… variables, or the profile: docs/configuration.md lists them.")
		}
		e.address = cmp.Or(options.HostPort, client.DefaultHostPort)
		e.secure = options.ConnectionOptions.TLS != nil || options.Credentials != nil && !options.ConnectionOptions.TLSDisabled
		e.temporal, e.namespace, err = worker.Connect(connection)
		if err != nil {
			return failed(sentence(err.Error()), "Correct TEMPORAL_ADDRESS: host and port, such as temporal.example.com:7233.")
		}
		system, err := e.temporal.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
		if err != nil {
			return e.unanswered(err)
		}
		return e.connected(options, system.GetServerVersion())
	})
}

// encrypted says how the connection is made.
func (e *examination) encrypted() string {
	if e.secure {
		return "with TLS"
	}
	return "without TLS"
}

// connected says what is to be said of a server that answers.
func (e *examination) connected(options client.Options, version string) Finding {
	detail := fmt.Sprintf("Temporal %s answers at %s, %s.", version, e.address, e.encrypted())
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err == nil && major == 1 && minor < oldestServer {
		return warning(detail+" It is older than what Orderbridge is made for.", fmt.Sprintf("Upgrade the server to 1.%d or newer.", oldestServer))
	}
	if options.Credentials != nil && !e.secure && !loopback(e.address) {
		return warning(detail+" The API key goes over the network in the clear.", "Set TEMPORAL_TLS to true.")
	}
	return ok("%s", detail)
}

// loopback reports whether an address is on this machine, as it is written.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// unanswered says why Temporal cannot be used.
func (e *examination) unanswered(err error) Finding {
	detail := fmt.Sprintf("Temporal at %s, %s, cannot be used: %s", e.address, e.encrypted(), sentence(err.Error()))
	switch status.Code(err) {
	case codes.PermissionDenied, codes.Unauthenticated:
		return failed(detail, "Check TEMPORAL_API_KEY, or the client certificate: they must be valid, and for this server and namespace.")
	default:
		return failed(detail, "Check TEMPORAL_ADDRESS, that the server runs, that no firewall is between, and TEMPORAL_TLS: "+
			"a server that wants TLS breaks off a connection without it, and the other way round.")
	}
}

// examineTemporal looks at all that needs Temporal.
func (e *examination) examineTemporal(ctx context.Context) {
	wanted := workflows.SearchAttributes()
	var state namespace.State
	if !e.check(ctx, "namespace", func(ctx context.Context) Finding {
		var err error
		if state, err = namespace.Look(ctx, e.temporal, e.namespace, wanted); err != nil {
			return e.unanswered(err)
		}
		return judgeNamespace(state)
	}) && !state.Exists {
		e.check(ctx, "workers and channels", func(context.Context) Finding { return skipped("They can be examined only in a namespace that exists.") })
		return
	}
	e.check(ctx, "search attributes", func(context.Context) Finding { return judgeAttributes(state) })
	e.check(ctx, "clock", e.compareClocks)
	for _, queue := range queues() {
		if e.check(ctx, "queue "+queue.name, func(ctx context.Context) Finding { return e.findWorkers(ctx, queue) }) && queue.name == workflows.TaskQueueChannels {
			e.staffed.Store(true)
		}
	}
	e.channels(ctx)
}

func judgeNamespace(state namespace.State) Finding {
	if !state.Exists {
		return failed(fmt.Sprintf("There is no namespace %s.", state.Name),
			"Create it with \"orderbridge setup\", or correct TEMPORAL_NAMESPACE. On Temporal Cloud its whole name is name.account.")
	}
	if short := state.ShortRetention(); short != nil {
		if state.Retention < repetitions {
			return failed(short.Detail, short.Advice)
		}
		return warning(short.Detail, short.Advice)
	}
	return ok("Namespace %s keeps closed workflows for %s.", state.Name, namespace.Hours(state.Retention))
}

func judgeAttributes(state namespace.State) Finding {
	wanted := workflows.SearchAttributes()
	if problems := namespace.Problems(state.Check(wanted)); len(problems) > 0 {
		details, advice := make([]string, 0, len(problems)), make([]string, 0, len(problems))
		for _, problem := range problems {
			details = append(details, problem.Detail)
			if len(advice) == 0 || advice[len(advice)-1] != problem.Advice {
				advice = append(advice, problem.Advice)
			}
		}
		return failed(strings.Join(details, " "), strings.Join(advice, " "))
	}
	if missing := state.Missing(wanted); len(missing) > 0 {
		return failed(fmt.Sprintf("Namespace %s lacks %s: no webhook can be taken, and each is answered 503.", state.Name, strings.Join(missing, ", ")),
			"Run \"orderbridge setup\", which adds them, or says how to.")
	}
	if !state.Listed {
		return ok("Queries may name all %d; this server does not tell their types.", len(wanted))
	}
	return ok("All %d are there.", len(wanted))
}
