package bigcommercetest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
)

// patience bounds what a test waits for; it is reached only by a test that fails.
const patience = 20 * time.Second

func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// newStore starts a frozen store that takes receivers on loopback.
func newStore(t *testing.T, opts ...bigcommercetest.Option) *bigcommercetest.Store {
	t.Helper()
	return bigcommercetest.New(t, append([]bigcommercetest.Option{
		bigcommercetest.WithFrozenClock(), bigcommercetest.WithHTTPDestinations(),
	}, opts...)...)
}

// app is an account's own HTTP client.
type app struct {
	bigcommercetest.Account

	client *http.Client
	store  *bigcommercetest.Store
	t      *testing.T
}

func newApp(t *testing.T, store *bigcommercetest.Store, name string) *app {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &app{
		Account: store.AddAccount(name),
		client:  &http.Client{Transport: transport, Timeout: patience},
		store:   store,
		t:       t,
	}
}

// response is an answer of the API, read whole.
type response struct {
	status int
	header http.Header
	body   string
}

func (r response) decode(t *testing.T, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(r.body), into), r.body)
}

// call makes an API call that must get an answer.
func (a *app) call(method, path, body string) response {
	a.t.Helper()
	r, err := a.try(method, path, body)
	require.NoError(a.t, err)
	return r
}

func (a *app) try(method, path, body string) (response, error) {
	req, err := http.NewRequestWithContext(a.t.Context(), method,
		a.store.URL+"/stores/"+a.store.Hash+path, strings.NewReader(body))
	if err != nil {
		return response{}, err
	}
	req.Header.Set("X-Auth-Token", a.AccessToken)
	req.Header.Set("Content-Type", "application/json")
	res, err := a.client.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close() //nolint:errcheck // Read to its end below.
	read, err := io.ReadAll(res.Body)
	return response{status: res.StatusCode, header: res.Header, body: string(read)}, err
}

// hookView is a hook as the API shows it.
type hookView struct {
	ID                   int64             `json:"id"`
	ClientID             string            `json:"client_id"`
	StoreHash            string            `json:"store_hash"`
	Scope                string            `json:"scope"`
	Destination          string            `json:"destination"`
	Headers              map[string]string `json:"headers"`
	IsActive             bool              `json:"is_active"`
	Status               string            `json:"status"`
	EventsHistoryEnabled *bool             `json:"events_history_enabled"`
}

// subscribe makes a hook that must be taken.
func (a *app) subscribe(scope, destination string) hookView {
	a.t.Helper()
	r := a.call(http.MethodPost, "/v3/hooks",
		fmt.Sprintf(`{"scope":%q,"destination":%q,"headers":{"X-Secret":"s3cret"}}`, scope, destination))
	require.Equal(a.t, http.StatusOK, r.status, r.body)
	var out struct{ Data hookView }
	r.decode(a.t, &out)
	return out.Data
}

// receiver is the destination of hooks.
type receiver struct {
	URL string

	mu     sync.Mutex
	got    []received
	answer func(n int, w http.ResponseWriter, r *http.Request) // n counts from 1
}

type received struct {
	body   string
	header http.Header
}

// newReceiver answers each delivery with answer, or with 200 if that is nil.
func newReceiver(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	r.mu.Lock()
	r.got = append(r.got, received{body: string(body), header: req.Header.Clone()})
	n := len(r.got)
	r.mu.Unlock()
	if r.answer != nil {
		r.answer(n, w, req)
	}
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

// orders returns the order ids of all deliveries in the order of their coming.
func (r *receiver) orders(t *testing.T) []int64 {
	t.Helper()
	all := r.all()
	ids := make([]int64, 0, len(all))
	for _, got := range all {
		var body struct {
			Data struct {
				ID int64 `json:"id"`
			} `json:"data"`
		}
		require.NoError(t, json.Unmarshal([]byte(got.body), &body))
		ids = append(ids, body.Data.ID)
	}
	return ids
}

func always(status int) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}
