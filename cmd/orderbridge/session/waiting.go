package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/orderbridge/orderbridge/ingress/operator"
)

// patience is how long a command waits in silence.
const patience = 2 * time.Second

// Wait is work that goes on in a worker while a command waits for it.
type Wait struct {
	// For says what is waited for, and how long that can take. It is printed
	// once it takes longer than a moment.
	For string
	// Left says what becomes of the work, and where that is seen, when the
	// command ends before it.
	Left string
}

// Do does what waits. An error that is nothing but the end of the waiting, by
// Ctrl-C or a time-out, becomes one that says what goes on.
func (w Wait) Do(ctx context.Context, errOut io.Writer, work func(context.Context) error) error {
	return w.do(ctx, errOut, patience, work)
}

func (w Wait) do(ctx context.Context, errOut io.Writer, patience time.Duration, work func(context.Context) error) error {
	done := make(chan struct{})
	var announcing sync.WaitGroup
	announcing.Go(func() {
		select {
		case <-done:
		case <-ctx.Done():
		case <-time.After(patience):
			_, _ = fmt.Fprintf(errOut, "%s; Ctrl-C ends the watching, not the work\n", w.For)
		}
	})
	err := work(ctx)
	close(done)
	announcing.Wait()
	return w.explain(ctx, err)
}

// LeftError says that a command ended before the work that it waited for.
type LeftError struct {
	why, left string
	cause     error
}

// Error implements error.
func (e *LeftError) Error() string { return e.why + ": " + e.left }

// Unwrap returns the end of the context.
func (e *LeftError) Unwrap() error { return e.cause }

func (w Wait) explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	// What was refused in the same moment was refused.
	if e, ok := errors.AsType[*operator.Error](err); ok && e.Kind != operator.KindUnavailable && e.Kind != operator.KindInternal {
		return err
	}
	why := "not watched any longer"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = "there was no answer in time"
	}
	return &LeftError{why: why, left: w.Left, cause: ctx.Err()}
}
