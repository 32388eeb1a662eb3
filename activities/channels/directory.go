package channels

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/singleflight"
)

// ErrUnknown means that there is no channel with the id that was asked for.
var ErrUnknown = errors.New("there is no such sales channel")

// Querier is the part of a Temporal client that a Directory needs.
type Querier interface {
	QueryWorkflowWithOptions(ctx context.Context, request *client.QueryWorkflowWithOptionsRequest) (*client.QueryWorkflowWithOptionsResponse, error)
}

// DefaultTTL is how long a Directory trusts what it read.
const DefaultTTL = 5 * time.Second

// queryTimeout bounds one query. A query needs a worker, and there is one: the
// asker is an activity.
const queryTimeout = 5 * time.Second

// Directory reads channels from their entity workflows and remembers them for
// a few seconds, because every webhook asks.
type Directory struct {
	temporal Querier
	ttl      time.Duration
	flight   singleflight.Group

	mu   sync.Mutex
	kept map[string]entry
}

type entry struct {
	channel Channel
	until   time.Time
}

// NewDirectory returns a Directory. A ttl of zero means DefaultTTL.
func NewDirectory(temporal Querier, ttl time.Duration) *Directory {
	if ttl <= 0 {
		ttl = DefaultTTL
	}
	return &Directory{temporal: temporal, ttl: ttl, kept: map[string]entry{}}
}

// Channel returns a channel as it was at most one ttl ago. It fails with an
// error that wraps ErrUnknown when there is none, which is not remembered: a
// channel that has just been added must be found.
func (d *Directory) Channel(ctx context.Context, id string) (Channel, error) {
	d.mu.Lock()
	kept, ok := d.kept[id]
	d.mu.Unlock()
	if ok && time.Now().Before(kept.until) {
		return kept.channel, nil
	}
	// Many webhooks of one channel share one query. It runs on a context of
	// its own: one caller that goes away must not fail the others.
	ch := d.flight.DoChan(id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
		defer cancel()
		return d.query(ctx, id)
	})
	select {
	case <-ctx.Done():
		return Channel{}, fmt.Errorf("query channel: %w", ctx.Err())
	case result := <-ch:
		channel, _ := result.Val.(Channel)
		return channel, result.Err
	}
}

// Forget drops what is remembered of a channel.
func (d *Directory) Forget(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.kept, id)
}

func (d *Directory) query(ctx context.Context, id string) (Channel, error) {
	response, err := d.temporal.QueryWorkflowWithOptions(ctx, &client.QueryWorkflowWithOptionsRequest{
		WorkflowID: WorkflowID(id),
		QueryType:  QueryChannel,
		// A channel that was terminated answers queries for days.
		QueryRejectCondition: enums.QUERY_REJECT_CONDITION_NOT_OPEN,
	})
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return Channel{}, fmt.Errorf("channel %s: %w", id, ErrUnknown)
	}
	if err != nil {
		return Channel{}, fmt.Errorf("query channel: %w", err)
	}
	if response.QueryRejected != nil {
		return Channel{}, fmt.Errorf("channel %s: its workflow has ended: %w", id, ErrUnknown)
	}
	var channel Channel
	if err := response.QueryResult.Get(&channel); err != nil {
		return Channel{}, fmt.Errorf("decode channel: %w", err)
	}
	if channel.Revision == 0 {
		// Its workflow runs, but nothing has been saved yet.
		return Channel{}, fmt.Errorf("channel %s: %w", id, ErrUnknown)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept[id] = entry{channel: channel, until: time.Now().Add(d.ttl)}
	return channel, nil
}
