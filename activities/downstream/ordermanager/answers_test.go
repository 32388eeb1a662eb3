package ordermanager_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager"
	"github.com/orderbridge/orderbridge/activities/downstream/ordermanager/ordermanagertest"
)

// serve makes an adapter for a server of the test's own.
func serve(t *testing.T, handle http.HandlerFunc, changes ...func(*ordermanager.Config)) *ordermanager.Adapter {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	config := ordermanager.Config{
		BaseURL: server.URL + "/", Channel: "acme", RequestsPerSecond: 1000, SalesChannelID: 4711, Timeout: time.Minute, Token: secret,
	}
	for _, change := range changes {
		change(&config)
	}
	return newAdapter(t, config)
}

// between makes an adapter whose requests pass see on their way.
func (f *fixture) between(t *testing.T, see func(*http.Request)) *ordermanager.Adapter {
	t.Helper()
	config := configFor(f.system)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	config.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		see(r)
		return transport.RoundTrip(r)
	})
	return newAdapter(t, config)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func reply(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprint(w, body)
}

func order(status string) string {
	return fmt.Sprintf(`{"orderId":7,"orderNumber":"218","orderStatus":%q,"modifiedDate":"d","salesChannel":{"salesChannelId":4711},"shipEmail":%q}`,
		status, ordermanagertest.Private)
}

// targetOf7 is the target of a change of what order shows.
func targetOf7() downstream.Target {
	return downstream.Target{OrderID: "7", Number: "218", Version: "AWAITING_SHIPMENT@d", IdempotencyKey: "k"}
}

// failure returns the *downstream.Error that err must be, and checks that it
// gives nothing away.
func failure(t *testing.T, err error) *downstream.Error {
	t.Helper()
	require.Error(t, err)
	var e *downstream.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "acme", e.Channel)
	require.NotEmpty(t, e.Call)
	require.NotEmpty(t, e.Advice)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		require.NotContains(t, cause.Error(), secret)
		require.NotContains(t, cause.Error(), ordermanagertest.Private)
	}
	return e
}

func TestAnswers(t *testing.T) {
	t.Parallel()

	for status, want := range map[int]struct{ find, get, change downstream.Kind }{
		http.StatusFound:               {downstream.Misconfigured, downstream.Misconfigured, downstream.Misconfigured},
		http.StatusBadRequest:          {downstream.Invalid, downstream.Invalid, downstream.Refused},
		http.StatusUnauthorized:        {downstream.Unauthorized, downstream.Unauthorized, downstream.Unauthorized},
		http.StatusForbidden:           {downstream.Forbidden, downstream.Forbidden, downstream.Forbidden},
		http.StatusNotFound:            {downstream.Misconfigured, downstream.NotFound, downstream.Refused},
		http.StatusMethodNotAllowed:    {downstream.Misconfigured, downstream.Misconfigured, downstream.Misconfigured},
		http.StatusRequestTimeout:      {downstream.Timeout, downstream.Timeout, downstream.Timeout},
		http.StatusConflict:            {downstream.Invalid, downstream.Invalid, downstream.Refused},
		http.StatusGone:                {downstream.NotFound, downstream.NotFound, downstream.Refused},
		http.StatusUnprocessableEntity: {downstream.Invalid, downstream.Invalid, downstream.Refused},
		http.StatusTooManyRequests:     {downstream.RateLimited, downstream.RateLimited, downstream.RateLimited},
		http.StatusInternalServerError: {downstream.Unavailable, downstream.Unavailable, downstream.Unavailable},
		http.StatusNotImplemented:      {downstream.Misconfigured, downstream.Misconfigured, downstream.Misconfigured},
		http.StatusServiceUnavailable:  {downstream.Unavailable, downstream.Unavailable, downstream.Unavailable},
		http.StatusGatewayTimeout:      {downstream.Timeout, downstream.Timeout, downstream.Timeout},
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()

			f := newFixture(t)
			target := f.open(t, "218")
			inject := func(call ordermanagertest.Call) {
				f.system.Faults().Inject(ordermanagertest.Fault{Call: call, Status: status, RetryAfter: 7 * time.Second})
			}
			check := func(want downstream.Kind, err error) {
				t.Helper()
				e := failure(t, err)
				require.Equal(t, want, e.Kind)
				require.Equal(t, status, e.StatusCode)
				require.Equal(t, 7*time.Second, e.RetryAfter)
			}
			inject(ordermanagertest.CallFind)
			_, err := f.adapter.Find(t.Context(), "218")
			check(want.find, err)
			inject(ordermanagertest.CallFind)
			check(want.find, f.adapter.Probe(t.Context()))
			inject(ordermanagertest.CallGet)
			_, err = f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target})
			check(want.get, err)
			inject(ordermanagertest.CallCancel)
			_, err = f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target})
			check(want.change, err)
			inject(ordermanagertest.CallShip)
			_, err = f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target})
			check(want.change, err)
			require.Empty(t, f.system.Effects())
		})
	}
}

func TestForbiddenNamesWhatIsMissing(t *testing.T) {
	t.Parallel()

	f := newFixture(t)
	target := f.open(t, "218")
	f.system.Faults().Inject(ordermanagertest.Fault{Call: ordermanagertest.CallChanges, Status: http.StatusForbidden, Times: 2})
	_, err := f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target})
	require.Contains(t, failure(t, err).Advice, "cancel orders")
	_, err = f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target})
	require.Contains(t, failure(t, err).Advice, "create shipments")
}

func TestUnusableAnswers(t *testing.T) {
	t.Parallel()

	for name, body := range map[string]string{
		"nothing":                "",
		"null":                   "null",
		"one order, not a list":  order("ON_HOLD"),
		"id is a text":           `[{"orderId":"` + ordermanagertest.Private + `"}]`,
		"no id":                  `[{"orderNumber":"218","orderStatus":"ON_HOLD","salesChannelId":4711}]`,
		"longer than is allowed": "[" + strings.Repeat(" ", 8<<20) + "]",
		"channel is a text":      `[{"orderId":7,"orderNumber":"218","salesChannelId":"` + ordermanagertest.Private + `"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			adapter := serve(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, body) })
			_, err := adapter.Find(t.Context(), "218")
			require.Equal(t, downstream.Malformed, failure(t, err).Kind)
		})
	}

	t.Run("another order", func(t *testing.T) {
		t.Parallel()

		for _, changed := range []string{
			strings.Replace(order("AWAITING_SHIPMENT"), `:7,`, `:8,`, 1), strings.Replace(order("AWAITING_SHIPMENT"), "218", "2180", 1),
			strings.Replace(order("AWAITING_SHIPMENT"), "4711", "4712", 1), "null",
		} {
			adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet {
					t.Error("the order was changed")
				}
				reply(w, changed)
			})
			_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: targetOf7()})
			require.Equal(t, downstream.Malformed, failure(t, err).Kind)
		}
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()

	var stolen atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	t.Cleanup(elsewhere.Close)
	adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1.1/orders/7" {
			reply(w, order("AWAITING_SHIPMENT"))
			return
		}
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	require.Equal(t, downstream.Misconfigured, failure(t, adapter.Probe(t.Context())).Kind)
	_, err := adapter.Cancel(t.Context(), downstream.CancelRequest{Target: targetOf7()})
	require.Equal(t, downstream.Misconfigured, failure(t, err).Kind)
	_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: targetOf7()})
	require.Equal(t, downstream.Misconfigured, failure(t, err).Kind)
	require.Zero(t, stolen.Load())
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()

	t.Run("nobody listens", func(t *testing.T) {
		t.Parallel()

		f := newFixture(t)
		f.system.Close()
		require.Equal(t, downstream.Unavailable, failure(t, f.adapter.Probe(t.Context())).Kind)
	})

	t.Run("certificate of nobody known", func(t *testing.T) {
		t.Parallel()

		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.StartTLS()
		t.Cleanup(server.Close)
		config := validConfig()
		config.BaseURL = server.URL
		e := failure(t, newAdapter(t, config).Probe(t.Context()))
		require.Equal(t, downstream.Unavailable, e.Kind)
		require.Contains(t, e.Detail, "certificate")
	})

	t.Run("slower than the adapter's own limit", func(t *testing.T) {
		t.Parallel()

		adapter := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			func(c *ordermanager.Config) { c.Timeout = time.Millisecond })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := adapter.Probe(ctx)
		require.Equal(t, downstream.Timeout, failure(t, err).Kind)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, ctx.Err(), "it was the caller's time that was up")
	})
}
