package ingress_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/workflows"
)

// requireBare fails the test unless an answer is what the store wants to see:
// nothing but a status.
func requireBare(t *testing.T, answer response) {
	t.Helper()
	require.Empty(t, answer.body)
	for name := range answer.header {
		require.Contains(t, []string{"Date", "Content-Length"}, name)
	}
	require.Equal(t, "0", answer.header.Get("Content-Length"))
}

func TestWebhookIsStartedAndAnswered(t *testing.T) {
	t.Parallel()
	f := setup(t)
	answer := f.do(f.callback(statusUpdated))
	require.Equal(t, http.StatusOK, answer.status)
	requireBare(t, answer)
	got := f.requireOne()
	require.False(t, got.ReceivedAt.IsZero())
	require.Equal(t, time.UTC, got.ReceivedAt.Location())
	got.ReceivedAt = time.Time{}
	require.Equal(t, workflows.Webhook{
		Channel: "main", Scope: "store/order/statusUpdated", Hash: hash, StoreHash: "abc123", OrderID: 218,
		EventAt: time.Unix(1_700_000_000, 0).UTC(), SecretVersion: 1,
		Signed: &activities.SignedCallback{Channel: "main", ID: hash, Timestamp: "1700000003", Signature: signature, Body: statusUpdated},
	}, got)
	require.Equal(t, map[string]int{"accepted": 1}, f.results())
	for _, words := range []string{
		`"msg":"webhook accepted"`, `"channel":"main"`, `"scope":"store/order/statusUpdated"`, `"order":218`,
		`"workflow_id":"webhook/main/store/order/statusUpdated/218/` + hash + `"`,
	} {
		require.Contains(t, f.log.String(), words)
	}
	require.NotContains(t, f.log.String(), f.secret())
}

func TestWebhookIsAnsweredOnlyOnceItIsKept(t *testing.T) {
	t.Parallel()
	f := setup(t)
	entered, release := make(chan struct{}), make(chan struct{})
	f.starter.answer = func(context.Context, workflows.Webhook) (bool, error) {
		close(entered)
		<-release
		return false, nil
	}
	answers := make(chan int, 1)
	request := f.callback(statusUpdated)
	go func() {
		answer, err := f.try(request)
		if err != nil {
			answer.status = -1
		}
		answers <- answer.status
	}()
	<-entered
	require.Empty(t, answers, "nothing is kept yet")
	close(release)
	require.Equal(t, http.StatusOK, <-answers)
}

func TestWebhookDuplicate(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.starter.answer = func(context.Context, workflows.Webhook) (bool, error) { return true, nil }
	answer := f.do(f.callback(statusUpdated))
	require.Equal(t, http.StatusOK, answer.status, "otherwise it would come again for 48 hours")
	requireBare(t, answer)
	require.Equal(t, map[string]int{"duplicate": 1}, f.results())
}

func TestWebhookRepeatedIsTheSameWorkflow(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for range 3 {
		require.Equal(t, http.StatusOK, f.do(f.callback(statusUpdated)).status)
	}
	started := f.starter.webhooks()
	require.Len(t, started, 3)
	require.Equal(t, started[0].ID(), started[1].ID())
	require.Equal(t, started[0].ID(), started[2].ID())
}

func TestWebhookThatIsNotKept(t *testing.T) {
	t.Parallel()
	t.Run("the start fails", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.starter.answer = func(context.Context, workflows.Webhook) (bool, error) {
			return false, errors.New("dial 10.0.0.7:7233: refused")
		}
		answer := f.do(f.callback(statusUpdated))
		require.Equal(t, http.StatusServiceUnavailable, answer.status)
		requireBare(t, answer)
		require.Equal(t, map[string]int{"unavailable": 1}, f.results())
		require.Contains(t, f.log.String(), "10.0.0.7:7233: refused", "the log says why")
	})
	t.Run("the start takes too long", func(t *testing.T) {
		t.Parallel()
		config := defaultConfig()
		config.StartTimeout = time.Millisecond
		f := build(t, config)
		f.starter.answer = func(ctx context.Context, _ workflows.Webhook) (bool, error) {
			<-ctx.Done()
			return false, ctx.Err()
		}
		server := httptest.NewServer(f.server.Handler())
		t.Cleanup(server.Close)
		f.url, f.client = server.URL, server.Client()
		require.Equal(t, http.StatusServiceUnavailable, f.do(f.callback(statusUpdated)).status)
		require.Equal(t, map[string]int{"unavailable": 1}, f.results())
	})
	t.Run("a rejected one too", func(t *testing.T) {
		t.Parallel()
		f := setup(t)
		f.starter.answer = func(context.Context, workflows.Webhook) (bool, error) { return false, errors.New("away") }
		require.Equal(t, http.StatusServiceUnavailable, f.do(f.callback("not JSON")).status)
		require.Equal(t, map[string]int{"unavailable": 1}, f.results())
	})
}

func TestWebhookSurvivesAPanic(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.starter.answer = func(context.Context, workflows.Webhook) (bool, error) { panic("inner workings") }
	answer := f.do(f.callback(statusUpdated))
	require.Equal(t, http.StatusInternalServerError, answer.status)
	requireBare(t, answer)
	require.Contains(t, f.log.String(), "inner workings")
	require.Contains(t, f.log.String(), "webhook_test.go", "the log has the stack")
	f.starter.mu.Lock()
	f.starter.answer = nil
	f.starter.mu.Unlock()
	require.Equal(t, http.StatusOK, f.do(f.callback(statusUpdated)).status)
	require.Equal(t, map[string]int{"internal_error": 1, "accepted": 1}, f.results())
}

// untouchable is a body that must not be read.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, errors.New("must not be read")
}

func (untouchable) Close() error { return nil }

func TestWebhookWithoutTheSecret(t *testing.T) {
	t.Parallel()
	good := newSecrets(t, "k").Secret("main", 1)
	for name, tc := range map[string]struct{ path, secret string }{
		"missing":                 {path, ""},
		"wrong":                   {path, "1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
		"of another channel":      {path, newSecrets(t, "k").Secret("other", 1)},
		"for another channel":     {"/webhooks/bigcommerce/other", good},
		"of another installation": {path, newSecrets(t, "q").Secret("main", 1)},
		"cut":                     {path, good[:len(good)-1]},
		"of a channel that cannot exist": {
			"/webhooks/bigcommerce/MAIN", newSecrets(t, "k").Secret("MAIN", 1),
		},
		"of version zero":         {path, newSecrets(t, "k").Secret("main", 0)},
		"for a hostile channel":   {"/webhooks/bigcommerce/%0a%1b%5b31mred", good},
		"for a very long channel": {"/webhooks/bigcommerce/" + strings.Repeat("x", 5000), good},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := build(t, defaultConfig())
			req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, tc.path, untouchable{t})
			req.Header.Set("Content-Type", "application/json")
			if tc.secret != "" {
				req.Header.Set(callback.Header, tc.secret)
			}
			answer := httptest.NewRecorder()
			f.server.Handler().ServeHTTP(answer, req)
			require.Equal(t, http.StatusUnauthorized, answer.Code)
			require.Empty(t, answer.Body.String())
			require.Equal(t, callback.MarkerValue, answer.Header().Get(callback.MarkerHeader), "a check can tell where it arrived")
			require.Empty(t, f.starter.webhooks())
			require.Equal(t, map[string]int{"unauthorized": 1}, f.results())
			if tc.secret != "" {
				require.NotContains(t, f.log.String(), tc.secret)
			}
			require.NotContains(t, f.log.String(), "red")
			require.NotContains(t, f.log.String(), "xxx")
		})
	}
}

func TestWebhookSecretIsInAHeaderOfAnyCase(t *testing.T) {
	t.Parallel()
	for _, header := range []string{callback.Header, strings.ToLower(callback.Header), strings.ToUpper(callback.Header)} {
		f := setup(t)
		req := f.callback(statusUpdated)
		req.Header.Del(callback.Header)
		req.Header[header] = []string{f.secrets.Secret("main", 12)} // sent as it is spelled
		require.Equal(t, http.StatusOK, f.do(req).status, header)
		require.Equal(t, 12, f.requireOne().SecretVersion)
	}
}

func TestWebhookOfEveryChannel(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, channel := range []string{"other", "eu-west-2"} {
		req := f.callback(statusUpdated)
		req.URL.Path = "/webhooks/bigcommerce/" + channel
		req.Header.Set(callback.Header, f.secrets.Secret(channel, 1))
		require.Equal(t, http.StatusOK, f.do(req).status)
	}
	started := f.starter.webhooks()
	require.Len(t, started, 2)
	require.Equal(t, "other", started[0].Channel)
	require.Equal(t, "eu-west-2", started[1].Channel)
	require.NotEqual(t, started[0].ID(), started[1].ID(), "one event may concern two channels of a store")
}

func TestWebhookMediaTypes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		header http.Header
		status int
	}{
		"plain":               {http.Header{"Content-Type": {"application/json"}}, http.StatusOK},
		"with a charset":      {http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, http.StatusOK},
		"capitals":            {http.Header{"Content-Type": {"Application/JSON"}}, http.StatusOK},
		"identity encoding":   {http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"identity"}}, http.StatusOK},
		"none":                {http.Header{}, http.StatusUnsupportedMediaType},
		"text":                {http.Header{"Content-Type": {"text/plain"}}, http.StatusUnsupportedMediaType},
		"a form":              {http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, http.StatusUnsupportedMediaType},
		"another JSON":        {http.Header{"Content-Type": {"application/problem+json"}}, http.StatusUnsupportedMediaType},
		"nonsense":            {http.Header{"Content-Type": {"application/json/;"}}, http.StatusUnsupportedMediaType},
		"compressed":          {http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}, http.StatusUnsupportedMediaType},
		"unknown compression": {http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"br"}}, http.StatusUnsupportedMediaType},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			req := f.callback(statusUpdated)
			req.Header = tc.header
			req.Header.Set(callback.Header, f.secret())
			require.Equal(t, tc.status, f.do(req).status)
			if tc.status == http.StatusOK {
				f.requireOne()
				return
			}
			require.Empty(t, f.starter.webhooks())
			require.Equal(t, map[string]int{"unsupported_media_type": 1}, f.results())
		})
	}
}

func TestWebhookOnOtherPathsAndMethods(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for name, tc := range map[string]struct {
		method, path string
		status       int
	}{
		"the root":         {http.MethodPost, "/", http.StatusNotFound},
		"no channel":       {http.MethodPost, "/webhooks/bigcommerce/", http.StatusNotFound},
		"no channel slash": {http.MethodPost, "/webhooks/bigcommerce", http.StatusNotFound},
		"deeper":           {http.MethodPost, path + "/more", http.StatusNotFound},
		"a trailing slash": {http.MethodPost, path + "/", http.StatusNotFound},
		"another platform": {http.MethodPost, "/webhooks/other/main", http.StatusNotFound},
		"get":              {http.MethodGet, path, http.StatusMethodNotAllowed},
		"head":             {http.MethodHead, path, http.StatusMethodNotAllowed},
		"put":              {http.MethodPut, path, http.StatusMethodNotAllowed},
		"delete":           {http.MethodDelete, path, http.StatusMethodNotAllowed},
		"options":          {http.MethodOptions, path, http.StatusMethodNotAllowed},
		"post to health":   {http.MethodPost, "/healthz", http.StatusMethodNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			req := f.callback(statusUpdated)
			req.Method, req.URL.Path = tc.method, tc.path
			answer := f.do(req)
			require.Equal(t, tc.status, answer.status)
			if tc.status == http.StatusMethodNotAllowed && tc.path == path {
				require.Equal(t, http.MethodPost, answer.header.Get("Allow"))
			}
		})
	}
	require.Empty(t, f.starter.webhooks())
}
