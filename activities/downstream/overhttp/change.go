package overhttp

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Change is one cancellation or fulfillment of one order.
type Change struct {
	// Name is what it is called in errors, for example "cancel order".
	// Required.
	Name string
	// Target is the order and the version that was ruled on. The adapter has
	// checked that it could have come from it. Required.
	Target downstream.Target
	// Wished is the phase in which the order is to be. Required.
	Wished downstream.Phase
	// Locks keeps other changes of the order away until this one is done. Nil:
	// the system sorts them out itself, or somebody holds the lock already.
	Locks *Locks
	// WriteFirst skips the read before the write. It is for systems that check
	// the version and recognize repetitions themselves.
	WriteFirst bool
	// Read reads the order, under this name in errors, and fails with
	// Malformed if it is another one. Required.
	Read func(ctx context.Context, name string) (downstream.Order, error)
	// Permit may refuse the order, as read before the write, for more than its
	// version and phase. Default: it does not.
	Permit func(downstream.Order) error
	// Write makes the change. What its errors lead to depends on their kind: a
	// Refused or VersionConflict is looked into by reading the order again,
	// any other is returned as it is. Unsure, Ended, Doubtful and Settled say
	// otherwise. Required.
	Write func(ctx context.Context) error
}

// judgment is what is special about an error of Change.Write.
type judgment int

const (
	plain judgment = iota
	unsure
	ended
	doubtful
	settled
)

type judgedError struct {
	error

	judgment judgment
}

func (e judgedError) Unwrap() error { return e.error }

// Unsure marks an error of Change.Write that may be about the state of the
// order, whatever its kind: the order is read again.
func Unsure(err error) error { return judged(err, unsure) }

// Ended marks an error of Change.Write that claims the order to be in a final
// phase. An order that does not show it yet is Unavailable, not refused.
func Ended(err error) error { return judged(err, ended) }

// Doubtful marks a failure that came inside of a success. It is returned unless
// the order has become what was wished for.
func Doubtful(err error) error { return judged(err, doubtful) }

// Settled marks an error of Change.Write that stands, whatever the order shows.
func Settled(err error) error { return judged(err, settled) }

func judged(err error, j judgment) error {
	if err == nil {
		return nil
	}
	return judgedError{error: err, judgment: j}
}

// Change reads the order, compares it with the one that was ruled on, writes,
// and reads again: what counts is what the order shows. Between the first read
// and the write lies a moment in which somebody else can change the order; only
// a system that checks versions itself closes it.
//
// Its results, and its errors, are those of downstream.Adapter.Cancel:
// AlreadyDone when the order was in the wished phase before the write, or after
// a write that was refused; VersionConflict when it changed meanwhile; Refused
// when it is not in phase open; Unavailable when a success is not visible yet.
func (c *Client) Change(ctx context.Context, ch Change) (downstream.Change, error) {
	ch.Target.Number = strings.TrimSpace(ch.Target.Number)
	call := Call{Name: ch.Name, Order: ch.Target.Number}
	if ch.Locks != nil {
		unlock, err := ch.Locks.Lock(ctx, ch.Target.OrderID)
		if err != nil {
			return downstream.Change{}, c.NoAnswer(ctx, call, err)
		}
		defer unlock()
	}
	if !ch.WriteFirst {
		order, err := c.before(ctx, call, ch)
		switch {
		case err != nil:
			return downstream.Change{}, err
		case order.Status.Phase == ch.Wished:
			return downstream.Change{Order: order, AlreadyDone: true}, nil
		}
	}
	err, verdict := ch.Write(ctx), plain
	if e, ok := errors.AsType[judgedError](err); ok {
		err, verdict = e.error, e.judgment
	}
	looks := downstream.IsKind(err, downstream.Refused) || downstream.IsKind(err, downstream.VersionConflict)
	switch {
	case err == nil, verdict == doubtful:
		return c.confirm(ctx, call, ch, err)
	case verdict == unsure, verdict == ended, looks && verdict != settled:
		return c.lookAgain(ctx, call, ch, err, verdict == ended)
	default:
		return downstream.Change{}, err
	}
}

// before reads the order and refuses what must not be written. An order in the
// wished phase is let through.
func (c *Client) before(ctx context.Context, call Call, ch Change) (downstream.Order, error) {
	order, err := ch.Read(ctx, ch.Name+": read the order first")
	switch {
	case err != nil:
		return downstream.Order{}, err
	case order.Status.Phase == ch.Wished:
		return order, nil
	case order.Version != ch.Target.Version:
		return downstream.Order{}, c.conflict(call, nil)
	case order.Status.Phase != downstream.PhaseOpen:
		// Whether the system would go along is not tried.
		return downstream.Order{}, c.Fail(call, downstream.Refused,
			"the order is in status "+strconv.Quote(order.Status.Name), c.config.Advice.Look)
	case ch.Permit != nil:
		return order, ch.Permit(order)
	default:
		return order, nil
	}
}

// confirm follows a success: the order must be read in the wished phase. inside
// is the failure that came with it, if there was one.
func (c *Client) confirm(ctx context.Context, call Call, ch Change, inside error) (downstream.Change, error) {
	order, err := c.after(ctx, ch)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case order.Status.Phase == ch.Wished:
		return downstream.Change{Order: order}, nil
	case order.Status.Phase.Final():
		return downstream.Change{}, c.Fail(call, downstream.VersionConflict,
			c.config.System+" reported success, but somebody has ended the order in another way since", AdviseReread)
	case inside != nil:
		return downstream.Change{}, inside
	default:
		return downstream.Change{}, c.Fail(call, downstream.Unavailable,
			c.config.System+" reported success, but the change is not visible yet", c.config.Advice.Repeat)
	}
}

// lookAgain follows a refusal. Whether it means "already done" is read from the
// order, never from the answer's text.
func (c *Client) lookAgain(ctx context.Context, call Call, ch Change, refusal error, saysEnded bool) (downstream.Change, error) {
	order, err := c.after(ctx, ch)
	switch {
	case err != nil:
		return downstream.Change{}, err
	case order.Status.Phase == ch.Wished:
		return downstream.Change{Order: order, AlreadyDone: true}, nil
	case order.Version != ch.Target.Version, downstream.IsKind(refusal, downstream.VersionConflict):
		return downstream.Change{}, c.conflict(call, refusal)
	case saysEnded && !order.Status.Phase.Final():
		// The system contradicts itself.
		e := c.Fail(call, downstream.Unavailable,
			c.config.System+" says that the order has ended, but that is not visible yet", c.config.Advice.Repeat)
		return downstream.Change{}, withStatus(e, refusal)
	default:
		return downstream.Change{}, refusal
	}
}

func (*Client) after(ctx context.Context, ch Change) (downstream.Order, error) {
	return ch.Read(ctx, ch.Name+": read the order again")
}

// conflict is the error of an order that changed. refusal is what the system
// said, if it was asked.
func (c *Client) conflict(call Call, refusal error) error {
	return withStatus(c.Fail(call, downstream.VersionConflict, "the order changed since it was read", AdviseReread), refusal)
}

// withStatus gives an error what an answer's own error says of the answer.
func withStatus(e *downstream.Error, answer error) *downstream.Error {
	if said, ok := errors.AsType[*downstream.Error](answer); ok {
		e.StatusCode, e.RetryAfter = said.StatusCode, said.RetryAfter
	}
	return e
}
