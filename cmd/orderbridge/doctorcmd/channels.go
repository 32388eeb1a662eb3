package doctorcmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sync/errgroup"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/ingress/operator"
	"github.com/orderbridge/orderbridge/worker"
)

// atOnce is how many channels are examined at a time.
const atOnce = 8

// channels examines the channels, and keeps what is found in their order.
func (e *examination) channels(ctx context.Context) {
	ids := e.ids
	if !e.check(ctx, "channels", func(ctx context.Context) Finding {
		if len(ids) > 0 {
			return wellNamed(ids)
		}
		var err error
		if ids, err = e.listChannels(ctx); err != nil {
			return e.unanswered(err)
		}
		return counted(len(ids))
	}) {
		return
	}
	p := &patient{examination: e, transport: bigcommerce.NewTransport(), operator: operator.New(e.temporal, e.namespace, e.keeper, worker.Drivers())}
	defer p.transport.CloseIdleConnections()
	if e.keeper != nil {
		p.connections = activities.NewConnections(activities.ConnectionsConfig{
			Keeper: e.keeper, Drivers: worker.Drivers(), Timeout: e.timeout, Transport: p.transport,
			UserAgent: process.ReadVersion().UserAgent(),
		})
	}
	found := make([]chan []Finding, len(ids))
	for i := range found {
		found[i] = make(chan []Finding, 1)
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	group.Go(func() error {
		for _, one := range found {
			for _, f := range <-one {
				e.add(f)
			}
		}
		return nil
	})
	for i, id := range ids {
		group.Go(func() error {
			found[i] <- p.examine(ctx, id)
			return nil
		})
	}
	_ = group.Wait() // none of them fails
}

func wellNamed(ids []string) Finding {
	for _, id := range ids {
		if !channels.ValidID(id) {
			return failed(fmt.Sprintf("%q cannot be the id of a channel.", id), "\"orderbridge channels list\" shows those that there are.")
		}
	}
	return ok("Asked for: %s.", abridged(ids))
}

func counted(n int) Finding {
	switch n {
	case 0:
		return warning("There is no sales channel yet.", "Connect a store and an order system: \"orderbridge channels add\"; docs/channels.md begins before that.")
	case 1:
		return ok("There is one.")
	default:
		return ok("There are %d.", n)
	}
}

// listChannels returns the ids of all channels, in order. It needs no worker.
func (e *examination) listChannels(ctx context.Context) ([]string, error) {
	var ids []string
	request := &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: e.namespace, Query: fmt.Sprintf("WorkflowType=%q AND ExecutionStatus=%q", channels.WorkflowType, "Running"),
	}
	for {
		response, err := e.temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, execution := range response.GetExecutions() {
			if id, ok := strings.CutPrefix(execution.GetExecution().GetWorkflowId(), channels.WorkflowID("")); ok {
				ids = append(ids, id)
			}
		}
		if request.NextPageToken = response.GetNextPageToken(); len(request.GetNextPageToken()) == 0 {
			slices.Sort(ids)
			return slices.Compact(ids), nil
		}
	}
}

// patient is what the channels are examined with.
type patient struct {
	*examination

	operator    *operator.Service
	connections *activities.Connections // nil without a keeper
	transport   *http.Transport
}

// examine examines one channel.
func (p *patient) examine(ctx context.Context, id string) []Finding {
	var findings []Finding
	add := func(name string, look func(context.Context) Finding) bool {
		f := p.look(ctx, look)
		f.Check, f.Channel = name, id
		findings = append(findings, f)
		return f.Result == activities.CheckOK || f.Result == activities.CheckWarning
	}
	var channel channels.Channel
	if !add("settings", func(ctx context.Context) Finding { return p.read(ctx, id, &channel) }) || !channel.Active {
		return findings
	}
	add("health", func(ctx context.Context) Finding { return p.health(ctx, id) })
	add("schedules", func(ctx context.Context) Finding { return p.schedules(ctx, channel) })
	if add("credentials", func(ctx context.Context) Finding { return p.credentials(ctx, channel) }) {
		add("store", func(ctx context.Context) Finding { return p.store(ctx, channel) })
		add("order system", func(ctx context.Context) Finding { return p.orderSystem(ctx, channel) })
	}
	add("callback", func(ctx context.Context) Finding { return callbackOf(ctx, channel) })
	return findings
}

// read reads the settings of a channel: from a worker, or, if none answers, from
// its history.
func (p *patient) read(ctx context.Context, id string, channel *channels.Channel) Finding {
	var err error
	from := ""
	if p.staffed.Load() {
		*channel, err = p.operator.Channel(ctx, id)
	}
	if operator.IsKind(err, operator.KindUnavailable) {
		p.staffed.Store(false) // one that has gone is waited for once
	}
	if !p.staffed.Load() {
		from = " They are those that were saved last, because no worker answers."
		*channel, err = lastSaved(ctx, p.temporal, id)
	}
	switch {
	case errors.Is(err, channels.ErrUnknown):
		return failed("There is no such sales channel.", "\"orderbridge channels list\" shows those that there are.")
	case err != nil:
		return failed("Its settings cannot be read: "+sentence(err.Error()), "Look at its workflow, "+channels.WorkflowID(id)+", in the Temporal Web UI.")
	case !channel.Active:
		return ok("Revision %d. It is not active, so nothing else of it is examined.%s", channel.Revision, from)
	case !channel.Settings.WantsAny():
		return warning("No status is selected, neither for cancellation nor for fulfillment: nothing will ever happen."+from,
			fmt.Sprintf("Select the statuses in which an order may be cancelled or fulfilled: \"orderbridge channels set %s\".", id))
	default:
		return ok("Revision %d, active, store %s, order system %s.%s", channel.Revision, channel.Store.Hash, channel.Downstream.Adapter, from)
	}
}
