package overhttp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0": 0, "-3": 0, "": 0, "soon": 0, "9999999": time.Hour, "99999999999999": 0,
		now.Add(time.Minute).Format(http.TimeFormat):    time.Minute,
		now.Add(-time.Minute).Format(http.TimeFormat):   0,
		now.Add(24 * time.Hour).Format(http.TimeFormat): time.Hour,
	} {
		require.Equal(t, want, overhttp.RetryAfter(value, now, time.Hour), "%q", value)
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	advice := overhttp.Advice{Connection: "reach it", Certificate: "trust it", Repeat: "repeat it"}
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	t.Cleanup(cancelLate)
	get := func(address string) error {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		require.NoError(t, err)
		response, err := (&http.Client{Transport: &http.Transport{}}).Do(request)
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	}
	for name, c := range map[string]struct {
		ctx    context.Context //nolint:containedctx // what a case is about
		err    error
		kind   downstream.Kind
		advice string
		is     error
	}{
		"given up":             {canceled, context.Canceled, downstream.Timeout, advice.Repeat, context.Canceled},
		"too late":             {late, context.DeadlineExceeded, downstream.Timeout, advice.Repeat, context.DeadlineExceeded},
		"not trusted":          {t.Context(), get(untrusted.URL), downstream.Unavailable, advice.Certificate, nil},
		"nobody there":         {t.Context(), get("http://127.0.0.1:1"), downstream.Unavailable, advice.Connection, nil},
		"broken off":           {t.Context(), io.ErrUnexpectedEOF, downstream.Unavailable, advice.Connection, io.ErrUnexpectedEOF},
		"no such name":         {t.Context(), &net.DNSError{Err: "no such host", Name: "secret.example"}, downstream.Unavailable, "check the channel's base URL and the machine's name server", nil},
		"quotes what was sent": {t.Context(), errors.New("malformed HTTP response \"secret\""), downstream.Unavailable, advice.Connection, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Error(t, c.err)
			got := overhttp.NoAnswer(c.ctx, &downstream.Error{Channel: "main", Call: "find order"}, c.err, advice)
			require.Equal(t, c.kind, got.Kind)
			require.Equal(t, c.advice, got.Advice)
			require.NotContains(t, got.Error()+got.Err.Error(), "secret")
			if c.is != nil {
				require.ErrorIs(t, got, c.is)
			}
		})
	}
}
