package resttest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/rest/resttest"
)

type got struct {
	status   int
	replayed string
	etag     string
	body     string
}

// call makes a request that is right unless header says otherwise.
func call(t *testing.T, s *resttest.System, method, path, body string, header map[string]string) (got, error) {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+s.Token)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return got{}, err
	}
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, resp.Body.Close())
	return got{resp.StatusCode, resp.Header.Get("Idempotency-Replayed"), resp.Header.Get("ETag"), string(content)}, err
}

func cancel(t *testing.T, s *resttest.System, id, version, key, reason string) got {
	t.Helper()
	answer, err := call(t, s, http.MethodPost, "/orders/"+id+"/cancellation", `{"reason":"`+reason+`"}`,
		map[string]string{"If-Match": `"` + version + `"`, "Idempotency-Key": key})
	require.NoError(t, err)
	return answer
}

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()

	time0 := &clock{now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	system := resttest.New(t, resttest.WithClock(time0.Now))
	id := system.AddOrder("218", "On Hold")
	other := system.AddOrder("219", "On Hold")

	first := cancel(t, system, id, "1", "k", "why")
	require.Equal(t, http.StatusOK, first.status)
	require.Equal(t, `"2"`, first.etag)
	require.Empty(t, first.replayed)

	again := cancel(t, system, id, "1", "k", "why")
	require.Equal(t, "true", again.replayed, "the key is looked at before the version, which is stale by now")
	require.Equal(t, first.body, again.body)
	require.Equal(t, first.etag, again.etag)

	require.NoError(t, system.SetStatus(id, "Awaiting Shipment"))
	require.Equal(t, first.body, cancel(t, system, id, "1", "k", "why").body, "the answer is the recorded one, not the present state")

	require.Equal(t, http.StatusUnprocessableEntity, cancel(t, system, id, "1", "k", "because").status)
	require.Equal(t, http.StatusUnprocessableEntity, cancel(t, system, other, "1", "k", "why").status)
	require.Equal(t, http.StatusPreconditionFailed, cancel(t, system, other, "9", "l", "why").status)
	require.Equal(t, http.StatusOK, cancel(t, system, other, "1", "l", "why").status, "a request that changed nothing leaves no key")

	time0.Advance(resttest.KeyRetention - time.Second)
	require.Equal(t, "true", cancel(t, system, id, "1", "k", "why").replayed)
	time0.Advance(time.Second)
	require.Equal(t, http.StatusPreconditionFailed, cancel(t, system, id, "1", "k", "why").status)

	effects := system.Effects()
	require.Len(t, effects, 2)
	require.Equal(t, resttest.Effect{
		Action: resttest.ActionCancel, At: effects[0].At, IdempotencyKey: "k", OrderID: id, OrderNumber: "218",
	}, effects[0])
	require.Equal(t, 2026, effects[0].At.Year())
}

func TestBackDoor(t *testing.T) {
	t.Parallel()

	system := resttest.New(t, resttest.WithToken("known"))
	require.Equal(t, "known", system.Token)
	id := system.AddOrder("218", "On Hold")
	require.ErrorContains(t, system.SetStatus("nobody", "On Hold"), "nobody")
	_, ok := system.Order("999")
	require.False(t, ok)

	answer, err := call(t, system, http.MethodPost, "/orders/"+id+"/fulfillment",
		`{"shipments":[{"tracking_number":"1Z","carrier":"ups"},{},{"tracking_number":"2Z","shipped_at":"2026-03-04T05:06:07Z"}]}`,
		map[string]string{"If-Match": `"1"`, "Idempotency-Key": "k"})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.status)

	order, ok := system.Order("218")
	require.True(t, ok)
	require.Equal(t, "Shipped", order.Status)
	require.Equal(t, "2", order.Version)
	require.Len(t, order.Shipments, 3)
	require.Equal(t, "ups", order.Shipments[0].Carrier)
	require.Equal(t, []string{"1Z", "2Z"}, system.Effects()[0].TrackingNumbers)
	system.Effects()[0].TrackingNumbers[0] = "changed by the caller"
	require.Equal(t, "1Z", system.Effects()[0].TrackingNumbers[0])
}

func TestWaitEffects(t *testing.T) {
	t.Parallel()

	system := resttest.New(t)
	id := system.AddOrder("218", "On Hold")
	type waited struct {
		effects []resttest.Effect
		err     error
	}
	done := make(chan waited, 1)
	go func() {
		effects, err := system.WaitEffects(t.Context(), 1)
		done <- waited{effects, err}
	}()
	cancel(t, system, id, "1", "k", "why")
	result := <-done
	require.NoError(t, result.err)
	require.Len(t, result.effects, 1)

	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err := system.WaitEffects(ctx, 2)
	require.ErrorIs(t, err, context.Canceled)

	go func() {
		effects, err := system.WaitEffects(t.Context(), 2)
		done <- waited{effects, err}
	}()
	system.Close()
	require.ErrorContains(t, (<-done).err, "1 of 2")
}

func TestLife(t *testing.T) {
	t.Parallel()

	listening := func(t *testing.T, s *resttest.System) bool {
		t.Helper()
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			return false
		}
		require.NoError(t, connection.Close())
		return true
	}

	t.Run("until it is closed", func(t *testing.T) {
		t.Parallel()

		system, err := resttest.Start(t.Context())
		require.NoError(t, err)
		require.True(t, listening(t, system))
		system.Close()
		system.Close()
		require.False(t, listening(t, system))
	})

	t.Run("until its context ends", func(t *testing.T) {
		t.Parallel()

		ctx, stop := context.WithCancel(t.Context())
		system, err := resttest.Start(ctx)
		require.NoError(t, err)
		stop()
		_, err = system.WaitEffects(t.Context(), 1)
		require.ErrorContains(t, err, "stopped")
		system.Close()
		require.False(t, listening(t, system))
	})

	t.Run("not on an address that is taken", func(t *testing.T) {
		t.Parallel()

		system := resttest.New(t)
		_, err := resttest.Start(t.Context(), resttest.WithListenAddress(strings.TrimPrefix(system.URL, "http://")))
		require.ErrorContains(t, err, "listen on 127.0.0.1:")
	})

	t.Run("ends requests that hang", func(t *testing.T) {
		t.Parallel()

		system := resttest.New(t)
		hit := system.Faults().Inject(resttest.Fault{Do: resttest.Hang})
		go func() {
			<-hit
			system.Close()
		}()
		_, err := call(t, system, http.MethodGet, "/statuses", "", nil)
		require.Error(t, err)
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()

	get := func(t *testing.T, s *resttest.System, path string) (int, error) {
		t.Helper()
		answer, err := call(t, s, http.MethodGet, path, "", nil)
		return answer.status, err
	}

	t.Run("only the calls and times that were asked for", func(t *testing.T) {
		t.Parallel()

		system := resttest.New(t)
		system.Faults().Inject(resttest.Fault{Call: resttest.CallStatuses, Status: http.StatusBadGateway, Times: 2})
		paths := []string{"/orders?number=1", "/statuses", "/orders?number=1", "/statuses", "/statuses"}
		statuses := make([]int, 0, len(paths))
		for _, path := range paths {
			status, err := get(t, system, path)
			require.NoError(t, err)
			statuses = append(statuses, status)
		}
		require.Equal(t, []int{200, 502, 200, 502, 200}, statuses)
	})

	t.Run("until they are cleared", func(t *testing.T) {
		t.Parallel()

		system := resttest.New(t)
		system.Faults().Inject(resttest.Fault{Times: -1})
		for range 5 {
			status, err := get(t, system, "/statuses")
			require.NoError(t, err)
			require.Equal(t, http.StatusServiceUnavailable, status)
		}
		system.Faults().Clear()
		status, err := get(t, system, "/statuses")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
	})

	t.Run("before and after the commit", func(t *testing.T) {
		t.Parallel()

		system := resttest.New(t)
		id := system.AddOrder("218", "On Hold")
		system.Faults().Inject(resttest.Fault{Call: resttest.CallCancel})
		system.Faults().Inject(resttest.Fault{Call: resttest.CallCancel, AfterCommit: true})
		require.Equal(t, http.StatusServiceUnavailable, cancel(t, system, id, "1", "k", "why").status)
		require.Empty(t, system.Effects())
		require.Equal(t, http.StatusServiceUnavailable, cancel(t, system, id, "1", "k", "why").status)
		require.Len(t, system.Effects(), 1)
		require.Equal(t, "true", cancel(t, system, id, "1", "k", "why").replayed)
		require.Len(t, system.Effects(), 1)
	})

	t.Run("delay changes nothing else", func(t *testing.T) {
		t.Parallel()

		system := resttest.New(t)
		id := system.AddOrder("218", "On Hold")
		for _, after := range []bool{false, true} {
			system.Faults().Inject(resttest.Fault{Do: resttest.Delay, Delay: time.Millisecond, AfterCommit: after})
			require.Equal(t, http.StatusOK, cancel(t, system, id, "1", "k", "why").status)
		}
		require.Len(t, system.Effects(), 1)
	})

	t.Run("connection dropped", func(t *testing.T) {
		t.Parallel()

		system := resttest.New(t)
		system.Faults().Inject(resttest.Fault{Do: resttest.Drop})
		_, err := get(t, system, "/statuses")
		require.True(t, errors.Is(err, io.EOF) || errors.As(err, new(*net.OpError)), "%v", err)
	})

	t.Run("order changes between read and write", func(t *testing.T) {
		t.Parallel()

		system := resttest.New(t)
		id := system.AddOrder("218", "On Hold")
		var hooked []error
		system.Faults().BeforeChange(func(orderID string) {
			hooked = append(hooked, system.SetStatus(orderID, "Pending Fulfillment"))
		})
		require.Equal(t, http.StatusPreconditionFailed, cancel(t, system, id, "1", "k", "why").status)
		require.Equal(t, []error{nil}, hooked)
		require.Empty(t, system.Effects())
	})

	t.Run("token revoked and restored", func(t *testing.T) {
		t.Parallel()

		system := resttest.New(t)
		for _, c := range []struct {
			do     func()
			status int
		}{
			{system.Faults().RevokeToken, http.StatusUnauthorized},
			{system.Faults().RestoreToken, http.StatusOK},
		} {
			c.do()
			status, err := get(t, system, "/statuses")
			require.NoError(t, err)
			require.Equal(t, c.status, status)
		}
	})
}

// broken is a TB that records what New says.
type broken struct{ said string }

func (*broken) Cleanup(func())                   {}
func (b *broken) Fatalf(format string, _ ...any) { b.said = format }
func (*broken) Helper()                          {}

func TestNewReportsToTheTest(t *testing.T) {
	t.Parallel()

	tb := &broken{}
	require.Nil(t, resttest.New(tb, resttest.WithListenAddress("127.0.0.1:not-a-port")))
	require.Contains(t, tb.said, "start the demo order system")
}
