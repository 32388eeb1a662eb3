package threepl_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl/threepltest"
)

func TestTokenIsKeptAndRenewed(t *testing.T) {
	t.Parallel()

	start := time.Date(2026, time.March, 4, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		life time.Duration
		age  time.Duration
		want int
	}{
		{"young", time.Hour, 29 * time.Minute, 1},
		{"half an hour old", time.Hour, 30 * time.Minute, 2},
		{"short-lived, a while before its end", 10 * time.Minute, 8 * time.Minute, 1},
		{"short-lived, just before its end", 10 * time.Minute, 9 * time.Minute, 2},
		{"of no known life, young", 0, 29 * time.Minute, 1},
		{"of no known life, old", 0, 31 * time.Minute, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			// The stand-in's own clock stands, so that none expires there.
			system := threepltest.New(t, threepltest.WithTokenLife(max(c.life, time.Nanosecond)),
				threepltest.WithClock(func() time.Time { return start }))
			adapter := newAdapter(t, system, nil)
			now := start
			adapter.SetClock(func() time.Time { return now })
			require.NoError(t, adapter.Probe(t.Context()))
			require.NoError(t, adapter.Probe(t.Context()))
			require.Equal(t, 1, system.TokensIssued())
			now = now.Add(c.age)
			require.NoError(t, adapter.Probe(t.Context()))
			require.Equal(t, c.want, system.TokensIssued())
		})
	}
}

func TestTokenIsRenewedOnceForAll(t *testing.T) {
	t.Parallel()

	system := threepltest.New(t)
	adapter := newAdapter(t, system, nil)
	everybody := func() {
		var wait sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wait.Go(func() { errs[i] = adapter.Probe(t.Context()) })
		}
		wait.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
	}
	everybody()
	require.Equal(t, 1, system.TokensIssued())
	system.ExpireTokens()
	everybody()
	require.Equal(t, 2, system.TokensIssued())
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	t.Parallel()

	system := threepltest.New(t)
	adapter := newAdapter(t, system, nil)
	require.NoError(t, adapter.Probe(t.Context()))
	for range 2 {
		system.Faults().Inject(threepltest.Fault{Call: threepltest.CallReads, Do: threepltest.ExpireToken})
	}
	requireKind(t, downstream.Unauthorized, adapter.Probe(t.Context()))
	require.Equal(t, 2, system.TokensIssued())
	require.NoError(t, adapter.Probe(t.Context()))
}

func TestCredentialsThatGetNoToken(t *testing.T) {
	t.Parallel()

	for name, spoil := range map[string]func(*threepl.Config){
		"client id":     func(c *threepl.Config) { c.ClientID = "other-" + secret },
		"client secret": func(c *threepl.Config) { c.ClientSecret = secret },
		"user login":    func(c *threepl.Config) { c.UserLogin = "nobody-" + secret },
		"TPL":           func(c *threepl.Config) { c.TPL = "00000000-0000-0000-0000-000000000001" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			system := threepltest.New(t)
			adapter := newAdapter(t, system, spoil)
			e := failure(t, downstream.Unauthorized, adapter.Probe(t.Context()), secret, system.ClientSecret)
			require.Contains(t, e.Call, "fetch an access token")
			require.Zero(t, system.TokensIssued())
		})
	}
}

func TestTokenFaults(t *testing.T) {
	t.Parallel()

	for _, c := range []struct {
		name  string
		fault threepltest.Fault
		kind  downstream.Kind
	}{
		{"system fails", threepltest.Fault{}, downstream.Unavailable},
		{"no answer", threepltest.Fault{Do: threepltest.Drop}, downstream.Unavailable},
		{"garbage", threepltest.Fault{Do: threepltest.Garbage}, downstream.Malformed},
		{"half", threepltest.Fault{Do: threepltest.HalfAnswer}, downstream.Malformed},
		{"not JSON", threepltest.Fault{Do: threepltest.WrongContentType}, downstream.Malformed},
		{"no body", threepltest.Fault{Do: threepltest.Hollow}, downstream.Malformed},
		{"forbidden", threepltest.Fault{Status: http.StatusForbidden}, downstream.Unauthorized},
		{"not there", threepltest.Fault{Status: http.StatusNotFound}, downstream.Misconfigured},
		{"redirect", threepltest.Fault{Status: http.StatusFound}, downstream.Misconfigured},
		{"too many", threepltest.Fault{Status: http.StatusTooManyRequests}, downstream.RateLimited},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()

			system := threepltest.New(t)
			adapter := newAdapter(t, system, nil)
			c.fault.Call = threepltest.CallToken
			system.Faults().Inject(c.fault)
			requireKind(t, c.kind, adapter.Probe(t.Context()), system.ClientSecret)
			require.NoError(t, adapter.Probe(t.Context()), "a failure is not kept")
		})
	}
}

func TestTokensThatCannotBeUsed(t *testing.T) {
	t.Parallel()

	for name, body := range map[string]string{
		"none":         `{"token_type":"Bearer","expires_in":3600}`,
		"with newline": `{"access_token":"a\nb","expires_in":3600}`,
		"other type":   `{"access_token":"abc","token_type":"mac"}`,
		"other shape":  `{"access_token":7,"hint":"` + private + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			adapter := serve(t, map[string]reply{"POST /AuthServer/api/Token": {body: body}})
			requireKind(t, downstream.Malformed, adapter.Probe(t.Context()))
		})
	}
}
