package dev

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/activities/downstream/sandbox"
	"github.com/orderbridge/orderbridge/workflows"
)

// chapter is one scene of the story: something happens to an order in the
// store, and what Orderbridge makes of it is compared with what it should.
type chapter struct {
	order int64
	// status is the order's status downstream when the scene begins, and
	// absent true if it has not arrived there yet.
	status sandbox.Role
	absent bool
	// happens is what a merchant does, and what is told about it.
	happens string
	do      func(ctx context.Context, m *merchant, order int64) error
	// meanwhile happens downstream while the webhook waits.
	meanwhile func(ctx context.Context, w *world, run workflowRun) error
	// copies is how often the store sends the webhook.
	copies int
	// lost is true if BigCommerce has switched the hook off before it happens.
	lost bool
	// outcome and reason are what must come of it, told as therefore.
	outcome   workflows.Outcome
	reason    workflows.Reason
	therefore string
	// effects are the actions that the order system must have seen, and
	// tracking the number that came with them.
	effects  []sandbox.Action
	tracking string
}

// chapters is the story, told with the words of the order system.
func chapters(system *sandbox.System) []chapter {
	cancel := func(ctx context.Context, m *merchant, order int64) error { return m.cancel(ctx, order) }
	const tracking = "9400100000000000000219"
	unselected := system.Status(sandbox.Unselected)
	return []chapter{
		{
			order: 218, status: sandbox.Selected,
			happens: "is cancelled in the store", do: cancel,
			outcome: workflows.OutcomeCancelled, reason: workflows.ReasonApplied,
			therefore: "cancelled downstream",
			effects:   []sandbox.Action{sandbox.Cancelled},
		},
		{
			order: 219, status: sandbox.Selected,
			happens: "is shipped with tracking number " + tracking,
			do: func(ctx context.Context, m *merchant, order int64) error {
				return m.ship(ctx, order, tracking)
			},
			outcome: workflows.OutcomeFulfilled, reason: workflows.ReasonApplied,
			therefore: "fulfilled downstream with that number",
			effects:   []sandbox.Action{sandbox.Fulfilled}, tracking: tracking,
		},
		{
			order: 220, status: sandbox.Unselected,
			happens: fmt.Sprintf("is cancelled in the store, but is %s downstream", unselected), do: cancel,
			outcome: workflows.OutcomeNoEffect, reason: workflows.ReasonStatusNotSelected,
			therefore: fmt.Sprintf("nothing happens: %s is not among the channel's valid cancellation statuses", unselected),
		},
		waiting(system, cancel),
		{
			order: 222, status: sandbox.Selected, copies: 3,
			happens: "is cancelled in the store, and the webhook is sent three times", do: cancel,
			outcome: workflows.OutcomeCancelled, reason: workflows.ReasonApplied,
			therefore: "cancelled downstream once",
			effects:   []sandbox.Action{sandbox.Cancelled},
		},
		{
			order: 223, status: sandbox.Selected, lost: true,
			happens: "is cancelled after BigCommerce switched the hook off, so that no webhook comes", do: cancel,
			outcome: workflows.OutcomeCancelled, reason: workflows.ReasonApplied,
			therefore: "the audit switched the hook on, a search found the order, cancelled downstream",
			effects:   []sandbox.Action{sandbox.Cancelled},
		},
	}
}

// spareOrders have no part in the story: they are left for whoever wants to try
// something. They come first.
func spareOrders() []int64 { return []int64{101, 102} }

// invite says what to try next.
func (w *world) invite() {
	w.console.linef("Orders 101 and 102 are untouched. Cancel one in the store, and look at the Web UI:")
	w.console.linef("  curl -X PUT -H 'X-Auth-Token: %s' -H 'Content-Type: application/json' -d '{\"status_id\":5}' %s/stores/%s/v2/orders/101",
		w.account.AccessToken, w.store.URL, w.store.Hash)
	w.console.linef("")
	w.explainCommands()
}

// explainCommands says how the other commands reach this run, in lines that can
// be pasted into a shell.
func (w *world) explainCommands() {
	w.console.linef("The commands for operators work on this run from another terminal:")
	w.console.linef("  export TEMPORAL_ADDRESS=%s", quoted(w.temporal.Address))
	if w.temporal.Namespace != "default" {
		w.console.linef("  export TEMPORAL_NAMESPACE=%s", quoted(w.temporal.Namespace))
	}
	if w.options.Environment[masterKeyVariable] == "" {
		w.console.linef("  export ORDERBRIDGE_MASTER_KEY_FILE=%s", quoted(w.masterKeyPath()))
	} else {
		w.console.linef("  # and %s as it was given to this run", masterKeyVariable)
	}
	w.console.linef("  orderbridge channels list    # or: go run ./cmd/orderbridge channels list")
	w.console.linef("")
}

// quoted makes a word safe for a shell, and leaves what is safe as it is.
func quoted(word string) string {
	if !strings.ContainsFunc(word, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("/._:-[]", r)
	}) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// chapterTimeout bounds one scene. The longest takes a few seconds.
const chapterTimeout = time.Minute

// tell plays the story and returns what went wrong, if anything did.
func (w *world) tell(ctx context.Context) error {
	for _, order := range spareOrders() {
		w.store.AddOrder(bigcommercetest.Order{ID: order, StatusID: bigcommerce.StatusAwaitingFulfillment})
		if err := w.system.AddOrder(ctx, strconv.FormatInt(order, 10), sandbox.Selected); err != nil {
			return err
		}
	}
	w.console.linef("")
	w.console.linef("A short story:")
	var errs []error
	for _, c := range chapters(w.system) {
		if err := w.play(ctx, c); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			w.console.linef("  FAILED  Order %d %s: %v", c.order, c.happens, err)
			errs = append(errs, fmt.Errorf("the story of order %d: %w", c.order, err))
		}
	}
	w.console.linef("")
	return errors.Join(errs...)
}

func (w *world) play(ctx context.Context, c chapter) error {
	ctx, cancel := context.WithTimeout(ctx, chapterTimeout)
	defer cancel()
	// A server that has died is not waited for.
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-w.temporal.Done():
			giveUp(fmt.Errorf("the Temporal server ended: %w", w.temporal.Err()))
		case <-w.system.Done():
			giveUp(fmt.Errorf("the order system ended: %w", w.system.Err()))
		case <-ended:
		}
	}()
	err := w.scene(ctx, c)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return errors.Join(err, cause)
	}
	return err
}

// scene plays one chapter.
func (w *world) scene(ctx context.Context, c chapter) error {
	w.store.AddOrder(bigcommercetest.Order{ID: c.order, StatusID: bigcommerce.StatusAwaitingFulfillment})
	if !c.absent {
		if err := w.system.AddOrder(ctx, strconv.FormatInt(c.order, 10), c.status); err != nil {
			return err
		}
	}
	if c.copies > 1 {
		w.store.Faults().DuplicateNext(1, c.copies-1, 20*time.Millisecond)
	}
	await := w.findRun
	if c.lost {
		if err := w.switchOff(); err != nil {
			return err
		}
		await = w.recover
	}
	shop := newMerchant(w.store.URL, w.store.Hash, w.account.AccessToken)
	if err := c.do(ctx, shop, c.order); err != nil {
		return err
	}
	run, err := await(ctx, c.order)
	if err != nil {
		return err
	}
	if c.meanwhile != nil {
		if err := c.meanwhile(ctx, w, run); err != nil {
			return err
		}
	}
	result, err := run.result(ctx)
	if err != nil {
		return err
	}
	if err := w.store.WaitIdle(ctx); err != nil {
		return fmt.Errorf("wait for the store's deliveries: %w", err)
	}
	if err := w.compare(ctx, c, result); err != nil {
		return fmt.Errorf("%w: %s", err, run.link)
	}
	w.console.linef("  ok  Order %d %s → %s. %s", c.order, c.happens, c.therefore, run.link)
	return nil
}

// compare checks what came of a chapter against what should have.
func (w *world) compare(ctx context.Context, c chapter, got workflows.Result) error {
	if got.Outcome != c.outcome || got.Reason != c.reason {
		return fmt.Errorf("the outcome is %s (%s), not %s (%s): %s", got.Outcome, got.Reason, c.outcome, c.reason, got.Explanation)
	}
	var actions []sandbox.Action
	effects, err := w.system.Effects(ctx, strconv.FormatInt(c.order, 10))
	if err != nil {
		return err
	}
	for _, effect := range effects {
		actions = append(actions, effect.Action)
		if c.tracking != "" && !slices.Equal(effect.TrackingNumbers, []string{c.tracking}) {
			return fmt.Errorf("the order system got the tracking numbers %q, not %q", effect.TrackingNumbers, c.tracking)
		}
	}
	if !slices.Equal(actions, c.effects) {
		return fmt.Errorf("the order system saw %v, not %v", actions, c.effects)
	}
	sent := max(c.copies, 1)
	if c.lost {
		sent = 0
	}
	if taken := w.deliveries(c.order); taken < sent || (c.lost && taken > 0) {
		return fmt.Errorf("the webhook was taken %d times, not %d", taken, sent)
	}
	return nil
}

// deliveries counts how often the webhook of an order was delivered and taken.
func (w *world) deliveries(order int64) int {
	n := 0
	for _, d := range w.store.Deliveries() {
		if d.OrderID == order && d.OK() {
			n++
		}
	}
	return n
}
