package reconcilecmd

import (
	"context"
	"io"
	"time"

	"github.com/orderbridge/orderbridge/activities"
)

// ParseSince reads the value of --since.
var ParseSince = parseSince

// Run runs the command on a service, looking every millisecond.
func Run(ctx context.Context, s searcher, request activities.ReconcileRequest, out, errOut io.Writer, asJSON bool) error {
	c := &command{out: out, display: newDisplay(errOut), poll: time.Millisecond, asJSON: asJSON}
	return c.run(ctx, s, request)
}

// ShowOnBar draws a bar as on a terminal.
func ShowOnBar(out io.Writer, progress ...activities.ReconcileProgress) {
	b := newBar(out)
	for _, p := range progress {
		b.show(p)
	}
	b.close()
}
