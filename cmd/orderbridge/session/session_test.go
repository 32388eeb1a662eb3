package session

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/ingress/operator"
)

func TestOneChannel(t *testing.T) {
	t.Parallel()
	cmd := &cobra.Command{Use: "show"}
	require.NoError(t, OneChannel(cmd, []string{"main"}))
	require.EqualError(t, OneChannel(cmd, nil), `give the id of the channel; see "show --help"`)
	require.EqualError(t, OneChannel(cmd, []string{""}), `give the id of the channel; see "show --help"`)
	require.EqualError(t, OneChannel(cmd, []string{"main", "other"}),
		`give the id of one channel, and nothing after it: "other" is too much; see "show --help"`)
}

func TestWait(t *testing.T) {
	t.Parallel()
	wait := Wait{For: "waiting for the audit", Left: "the audit goes on"}

	t.Run("a moment is waited for in silence", func(t *testing.T) {
		t.Parallel()
		var errOut bytes.Buffer
		require.NoError(t, wait.do(t.Context(), &errOut, time.Hour, func(context.Context) error { return nil }))
		require.Empty(t, errOut.String())
	})

	t.Run("more is announced", func(t *testing.T) {
		t.Parallel()
		errOut := announced{said: make(chan string, 1)}
		said := ""
		require.NoError(t, wait.do(t.Context(), errOut, time.Nanosecond, func(context.Context) error {
			said = <-errOut.said
			return nil
		}))
		require.Equal(t, "waiting for the audit; Ctrl-C ends the watching, not the work\n", said)
	})

	t.Run("a failure stays", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("broken")
		require.Equal(t, broken, wait.do(t.Context(), &bytes.Buffer{}, time.Hour, func(context.Context) error { return broken }))
	})

	t.Run("Ctrl-C leaves the work", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		err := wait.do(ctx, &bytes.Buffer{}, time.Hour, func(ctx context.Context) error {
			cancel()
			return &operator.Error{Kind: operator.KindInternal, Message: "something unexpected: " + ctx.Err().Error()}
		})
		require.EqualError(t, err, "not watched any longer: the audit goes on")
		require.ErrorIs(t, err, context.Canceled)
	})

	t.Run("a time-out leaves it too", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 0)
		defer cancel()
		err := wait.do(ctx, &bytes.Buffer{}, time.Hour, func(ctx context.Context) error { return ctx.Err() })
		require.EqualError(t, err, "there was no answer in time: the audit goes on")
	})

	t.Run("a refusal in the same moment is told", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		refusal := &operator.Error{Kind: operator.KindConflict, Message: "changed meanwhile"}
		err := wait.do(ctx, &bytes.Buffer{}, time.Hour, func(context.Context) error {
			cancel()
			return refusal
		})
		require.Equal(t, error(refusal), err)
	})
}

// announced hands on what is written.
type announced struct{ said chan string }

func (a announced) Write(text []byte) (int, error) {
	a.said <- string(text)
	return len(text), nil
}
