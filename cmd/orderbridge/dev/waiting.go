package dev

import (
	"context"
	"fmt"
	"strconv"

	"github.com/orderbridge/orderbridge/activities/downstream/sandbox"
	"github.com/orderbridge/orderbridge/workflows"
)

// waiting is the chapter about an order that cannot be changed yet: because it is
// not processed, or with a system that has no such status, because it has not
// arrived.
func waiting(system *sandbox.System, do func(context.Context, *merchant, int64) error) chapter {
	c := chapter{
		order: 221, do: do, outcome: workflows.OutcomeCancelled, reason: workflows.ReasonApplied,
		effects: []sandbox.Action{sandbox.Cancelled},
	}
	if !system.Waits() {
		c.absent, c.meanwhile = true, arriveLater
		c.happens = "is cancelled in the store before it has arrived downstream"
		c.therefore = "waited until it was there, then cancelled downstream"
		return c
	}
	c.status, c.meanwhile = sandbox.Unprocessed, processLater
	c.happens = fmt.Sprintf("is cancelled in the store while it is still %s downstream", system.Status(sandbox.Unprocessed))
	c.therefore = "waited until it was processed, then cancelled downstream"
	return c
}

// processLater lets the order system process the order once its webhook has
// been found waiting.
func processLater(ctx context.Context, w *world, run workflowRun) error {
	if err := run.awaitTimer(ctx); err != nil {
		return err
	}
	w.console.linef("  …   Order %d waits: it is still %s downstream. %s", run.order, w.system.Status(sandbox.Unprocessed), run.link)
	return w.system.SetStatus(ctx, strconv.FormatInt(run.order, 10), sandbox.Selected)
}

// arriveLater lets the order arrive in the order system once its webhook has
// been found waiting.
func arriveLater(ctx context.Context, w *world, run workflowRun) error {
	if err := run.awaitTimer(ctx); err != nil {
		return err
	}
	w.console.linef("  …   Order %d waits: it has not arrived downstream. %s", run.order, run.link)
	return w.system.AddOrder(ctx, strconv.FormatInt(run.order, 10), sandbox.Selected)
}
