package channels_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/orderbridge/orderbridge/activities/channels"
)

// querier answers queries as a running entity workflow would.
type querier struct {
	mu      sync.Mutex
	answer  any   // what the query answers
	err     error // or how it fails
	queries []client.QueryWorkflowWithOptionsRequest
	block   chan struct{} // if set, queries wait for it, or for their context
}

func (q *querier) QueryWorkflowWithOptions(ctx context.Context, request *client.QueryWorkflowWithOptionsRequest) (*client.QueryWorkflowWithOptionsResponse, error) {
	q.mu.Lock()
	q.queries = append(q.queries, *request)
	block, answer, err := q.block, q.answer, q.err
	q.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err != nil {
		return nil, err
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(answer)
	if err != nil {
		return nil, err
	}
	return &client.QueryWorkflowWithOptionsResponse{QueryResult: client.NewValue(payloads)}, nil
}

func (q *querier) set(answer any, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.answer, q.err = answer, err
}

func (q *querier) asked() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.queries)
}

func TestDirectoryAsksTheEntityWorkflow(t *testing.T) {
	t.Parallel()
	q := &querier{answer: valid()}
	got, err := channels.NewDirectory(q, 0).Channel(t.Context(), "main")
	require.NoError(t, err)
	require.Equal(t, valid(), got)
	require.Equal(t, []client.QueryWorkflowWithOptionsRequest{{
		WorkflowID: "channel/main", QueryType: "channel", QueryRejectCondition: enums.QUERY_REJECT_CONDITION_NOT_OPEN,
	}}, q.queries)
}

func TestDirectoryRemembersForItsTTL(t *testing.T) {
	t.Parallel()
	for name, ttl := range map[string]time.Duration{"the default": 0, "its own": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := &querier{answer: valid()}
				directory := channels.NewDirectory(q, ttl)
				effective := ttl
				if effective == 0 {
					effective = channels.DefaultTTL
				}
				ask := func() int {
					got, err := directory.Channel(t.Context(), "main")
					require.NoError(t, err)
					return got.Revision
				}
				require.Equal(t, 3, ask())
				next := valid()
				next.Revision = 4
				q.set(next, nil)
				time.Sleep(effective - time.Nanosecond)
				require.Equal(t, 3, ask(), "within the ttl")
				require.Equal(t, 1, q.asked())
				time.Sleep(time.Nanosecond)
				require.Equal(t, 4, ask(), "after it")
				require.Equal(t, 2, q.asked())
			})
		})
	}
}

func TestDirectoryForgets(t *testing.T) {
	t.Parallel()
	q := &querier{answer: valid()}
	directory := channels.NewDirectory(q, time.Hour)
	for _, forget := range []string{"", "other", "main"} {
		directory.Forget(forget)
		_, err := directory.Channel(t.Context(), "main")
		require.NoError(t, err)
	}
	require.Equal(t, 2, q.asked())
}

func TestDirectoryKeepsChannelsApart(t *testing.T) {
	t.Parallel()
	q := &querier{answer: valid()}
	directory := channels.NewDirectory(q, time.Hour)
	_, err := directory.Channel(t.Context(), "main")
	require.NoError(t, err)
	other := valid()
	other.ID = "other"
	q.set(other, nil)
	got, err := directory.Channel(t.Context(), "other")
	require.NoError(t, err)
	require.Equal(t, "other", got.ID)
	got, err = directory.Channel(t.Context(), "main")
	require.NoError(t, err)
	require.Equal(t, "main", got.ID)
}

func TestDirectoryDoesNotRememberFailures(t *testing.T) {
	t.Parallel()
	neverSaved := valid()
	neverSaved.Revision = 0
	outage := errors.New("out of reach")
	for name, tc := range map[string]struct {
		answer any
		err    error
		is     error
		says   string
	}{
		"no workflow":  {err: serviceerror.NewNotFound("no rows"), is: channels.ErrUnknown, says: "channel main: "},
		"never saved":  {answer: neverSaved, is: channels.ErrUnknown, says: "channel main: "},
		"out of reach": {err: outage, is: outage, says: "query channel"},
		"no channel":   {answer: "text", says: "decode channel"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := &querier{answer: tc.answer, err: tc.err}
			directory := channels.NewDirectory(q, time.Hour)
			_, err := directory.Channel(t.Context(), "main")
			require.ErrorContains(t, err, tc.says)
			if tc.is != nil {
				require.ErrorIs(t, err, tc.is)
			}
			require.Equal(t, tc.is == channels.ErrUnknown, errors.Is(err, channels.ErrUnknown)) //nolint:errorlint // the table's own value
			q.set(valid(), nil)
			got, err := directory.Channel(t.Context(), "main")
			require.NoError(t, err, "a channel that has just been added is found")
			require.Equal(t, valid(), got)
		})
	}
}

func TestDirectoryKeepsWhatItKnowsForItsTTLThroughAnOutage(t *testing.T) {
	t.Parallel()
	q := &querier{answer: valid()}
	directory := channels.NewDirectory(q, time.Hour)
	_, err := directory.Channel(t.Context(), "main")
	require.NoError(t, err)
	q.set(nil, serviceerror.NewUnavailable("away"))
	_, err = directory.Channel(t.Context(), "main")
	require.NoError(t, err)
}

// answer is what one caller of a directory got.
type answer struct {
	channel channels.Channel
	err     error
}

// askAtOnce lets n callers ask a directory for the same channel and returns
// when all of them wait for it.
func askAtOnce(ctx context.Context, directory *channels.Directory, n int) <-chan answer {
	answers := make(chan answer, n)
	for range n {
		go func() {
			channel, err := directory.Channel(ctx, "main")
			answers <- answer{channel, err}
		}()
	}
	synctest.Wait()
	return answers
}

func TestDirectorySharesOneQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &querier{answer: valid(), block: make(chan struct{})}
		answers := askAtOnce(t.Context(), channels.NewDirectory(q, time.Hour), 50)
		require.Empty(t, answers)
		close(q.block)
		for range 50 {
			got := <-answers
			require.NoError(t, got.err)
			require.Equal(t, valid(), got.channel)
		}
		require.Equal(t, 1, q.asked())
	})
}

func TestDirectoryCallerThatGoesAwayFailsNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &querier{answer: valid(), block: make(chan struct{})}
		directory := channels.NewDirectory(q, time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		leaving := askAtOnce(ctx, directory, 1) // its context began the query
		staying := askAtOnce(t.Context(), directory, 3)
		cancel()
		require.ErrorIs(t, (<-leaving).err, context.Canceled)
		synctest.Wait()
		require.Empty(t, staying)
		close(q.block)
		for range 3 {
			require.NoError(t, (<-staying).err)
		}
		require.Equal(t, 1, q.asked())
	})
}

func TestDirectoryBoundsAQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &querier{answer: valid(), block: make(chan struct{})}
		_, err := channels.NewDirectory(q, time.Hour).Channel(t.Context(), "main")
		require.ErrorIs(t, err, context.DeadlineExceeded, "a query that nobody answers ends by itself")
	})
}

func TestDirectoryHonorsTheCallersDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := &querier{answer: valid(), block: make(chan struct{})}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		_, err := channels.NewDirectory(q, time.Hour).Channel(ctx, "main")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(began))
		close(q.block)
		synctest.Wait()
	})
}
