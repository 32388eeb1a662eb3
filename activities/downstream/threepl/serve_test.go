package threepl_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
)

// reply is an answer that the stand-in would never give.
type reply struct {
	status int // default 200
	body   string
	etag   string // default "v1", in quotes; "-" for none
	media  string // default application/hal+json
}

// sent is a request as it arrived.
type sent struct {
	method, path, query, body string
	header                    http.Header
}

// requests are those that a server has seen.
type requests struct {
	mu  sync.Mutex
	all []sent
}

func (r *requests) list() []sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]sent(nil), r.all...)
}

// serve makes an adapter for a server that answers each "METHOD /path" as it is
// told, tokens as they should be, and the rest with 404.
func serve(t *testing.T, replies map[string]reply) *threepl.Adapter {
	t.Helper()
	adapter, _ := watch(t, replies)
	return adapter
}

func watch(t *testing.T, replies map[string]reply) (*threepl.Adapter, *requests) {
	t.Helper()
	seen := &requests{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		seen.mu.Lock()
		seen.all = append(seen.all, sent{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header})
		seen.mu.Unlock()
		a, ok := replies[r.Method+" "+r.URL.Path]
		switch {
		case !ok && r.URL.Path == "/AuthServer/api/Token":
			a = reply{body: `{"access_token":"t0ken","token_type":"Bearer","expires_in":3600}`}
		case !ok:
			a = reply{status: http.StatusNotFound}
		}
		a.send(w)
	}))
	t.Cleanup(server.Close)
	config := validConfig()
	config.BaseURL, config.Timeout = server.URL+"/", time.Minute
	adapter, err := threepl.New(config)
	require.NoError(t, err)
	t.Cleanup(adapter.Close)
	return adapter, seen
}

func (a reply) send(w http.ResponseWriter) {
	if a.media == "" {
		a.media = "application/hal+json; charset=utf-8"
	}
	if a.etag == "" {
		a.etag = `"v1"`
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	w.Header().Set("Content-Type", a.media)
	if a.etag != "-" {
		w.Header().Set("ETag", a.etag)
	}
	w.Header().Set("Location", "https://elsewhere.example.com/"+private)
	w.WriteHeader(a.status)
	_, _ = fmt.Fprint(w, a.body)
}

// orderJSON is order 7 of customer 12, with these further members of readOnly.
func orderJSON(number, more string) string {
	return fmt.Sprintf(`{"referenceNum":%q,"readOnly":{"orderId":7,"customerIdentifier":{"id":12},"facilityIdentifier":{"id":3}%s},"shipTo":{"emailAddress":%q}}`,
		number, more, private)
}

func pageJSON(total int, orders string) string {
	return fmt.Sprintf(`{"totalResults":%d,"_embedded":{"http://api.3plCentral.com/rels/orders/order":[%s]}}`, total, orders)
}
