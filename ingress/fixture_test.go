package ingress_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/ingress"
	"github.com/orderbridge/orderbridge/ingress/logtest"
	"github.com/orderbridge/orderbridge/workflows"
)

const (
	// labelled is how many channels have names in metrics.
	labelled = 3

	path = "/webhooks/bigcommerce/main"
	// hash is of the form that the store sends.
	hash = "8ff0a1b2c3d4e5f60718293a4b5c6d7e8f901234"
	// signature is of the form that the store sends.
	signature = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	// statusUpdated is an ordinary callback, with the keys in the order in
	// which the store sends them.
	statusUpdated = `{"producer":"stores/abc123","hash":"` + hash + `","created_at":1700000000,"store_id":"1001",` +
		`"scope":"store/order/statusUpdated","data":{"type":"order","id":218,"status":{"previous_status_id":11,"new_status_id":5}}}`
)

// recorder is a Starter and a Notifier that notes what it is asked to do.
type recorder struct {
	mu         sync.Mutex
	started    []workflows.Webhook
	exceptions []exception
	delivered  []delivery
	// answer, if not nil, decides how a start ends.
	answer func(context.Context, workflows.Webhook) (bool, error)
	// notify, if not nil, decides how a notice ends.
	notify func(context.Context) (bool, error)
}

// exception is what a recorder was told of a delivery exception.
type exception struct {
	channel string
	code    int
}

// delivery is what a recorder was told of the callback of a check.
type delivery struct {
	channel string
	at      time.Time
}

func (r *recorder) Exception(ctx context.Context, channel string, code int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exceptions = append(r.exceptions, exception{channel, code})
	_, err := r.end(ctx)
	return err
}

func (r *recorder) Delivered(ctx context.Context, channel string, at time.Time) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delivered = append(r.delivered, delivery{channel, at})
	return r.end(ctx)
}

func (r *recorder) end(ctx context.Context) (bool, error) {
	if r.notify == nil {
		return true, nil
	}
	return r.notify(ctx)
}

func (r *recorder) Start(ctx context.Context, webhook workflows.Webhook) (bool, error) {
	r.mu.Lock()
	r.started = append(r.started, webhook)
	answer := r.answer
	r.mu.Unlock()
	if answer == nil {
		return false, nil
	}
	return answer(ctx, webhook)
}

func (r *recorder) webhooks() []workflows.Webhook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]workflows.Webhook{}, r.started...)
}

// fixture is an ingress on a server of its own.
type fixture struct {
	t        *testing.T
	starter  *recorder
	secrets  *callback.Secrets
	registry *prometheus.Registry
	log      *logtest.Buffer
	server   *ingress.Server
	url      string
	client   *http.Client
}

func defaultConfig() ingress.Config {
	return ingress.Config{
		ListenAddress:   "127.0.0.1:0",
		MaxBodyBytes:    4096,
		StartTimeout:    5 * time.Second,
		ReadTimeout:     5 * time.Second,
		ShutdownTimeout: 30 * time.Second,
		ServeMetrics:    true,
	}
}

func newSecrets(tb testing.TB, fill string) *callback.Secrets {
	tb.Helper()
	secrets, err := callback.NewSecrets([]byte(strings.Repeat(fill, 32)))
	require.NoError(tb, err)
	return secrets
}

// build makes an ingress that does not listen yet.
func build(t *testing.T, config ingress.Config, checks ...ingress.Check) *fixture {
	t.Helper()
	f := &fixture{
		t: t, starter: &recorder{}, secrets: newSecrets(t, "k"), registry: prometheus.NewRegistry(), log: &logtest.Buffer{},
	}
	var err error
	f.server, err = ingress.New(config, f.dependencies(checks...))
	require.NoError(t, err)
	return f
}

func (f *fixture) dependencies(checks ...ingress.Check) ingress.Dependencies {
	return ingress.Dependencies{
		Starter: f.starter, Notifier: f.starter, Secrets: f.secrets, Checks: checks, Registry: f.registry, Labels: activities.NewLabels(labelled),
		Logger: slog.New(slog.NewJSONHandler(f.log, nil)),
	}
}

// setup makes an ingress that listens.
func setup(t *testing.T, checks ...ingress.Check) *fixture {
	t.Helper()
	f := build(t, defaultConfig(), checks...)
	server := httptest.NewServer(f.server.Handler())
	t.Cleanup(server.Close)
	f.url, f.client = server.URL, server.Client()
	return f
}

// secret is the header value of the main channel.
func (f *fixture) secret() string { return f.secrets.Secret("main", 1) }

// callback returns the request that the store would send.
func (f *fixture) callback(body string) *http.Request { return f.callbackTo(path, body) }

func (f *fixture) callbackTo(path, body string) *http.Request {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, f.url+path, strings.NewReader(body))
	require.NoError(f.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "pekko-http/1.3.0")
	req.Header.Set("Webhook-Id", hash)
	req.Header.Set("Webhook-Timestamp", "1700000003")
	req.Header.Set("Webhook-Signature", signature)
	req.Header.Set(callback.Header, f.secret())
	return req
}

// response is an answer that was read to its end.
type response struct {
	status int
	header http.Header
	body   string
}

// do sends a request that must get an answer.
func (f *fixture) do(req *http.Request) response {
	f.t.Helper()
	answer, err := f.try(req)
	require.NoError(f.t, err)
	return answer
}

func (f *fixture) try(req *http.Request) (response, error) {
	res, err := f.client.Do(req)
	if err != nil {
		return response{}, err
	}
	body, err := io.ReadAll(res.Body)
	if err == nil {
		err = res.Body.Close()
	}
	return response{status: res.StatusCode, header: res.Header, body: string(body)}, err
}

func (f *fixture) get(path string) response {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.url+path, http.NoBody)
	require.NoError(f.t, err)
	return f.do(req)
}

// results returns how many callbacks were counted, by result, without zeros.
func (f *fixture) results() map[string]int {
	return f.counted("orderbridge_webhooks_received_total", "result")
}

// counted returns a counter by some of its labels, or all, without zeros.
func (f *fixture) counted(name string, labels ...string) map[string]int {
	f.t.Helper()
	out := map[string]int{}
	families, err := f.registry.Gather()
	require.NoError(f.t, err)
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			var values []string
			for _, label := range metric.GetLabel() {
				if len(labels) == 0 || slices.Contains(labels, label.GetName()) {
					values = append(values, label.GetValue())
				}
			}
			if n := int(metric.GetCounter().GetValue()); n > 0 {
				out[strings.Join(values, " ")] += n
			}
		}
	}
	return out
}

// requireOne returns the one webhook that was started.
func (f *fixture) requireOne() workflows.Webhook {
	f.t.Helper()
	started := f.starter.webhooks()
	require.Len(f.t, started, 1)
	return started[0]
}
