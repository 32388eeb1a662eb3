package overhttp_test

import (
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/overhttp"
)

var list = overhttp.Call{Name: "list orders", Order: "218", Method: http.MethodGet, Route: "/orders"}

func TestDoSendsWhatItIsTold(t *testing.T) {
	t.Parallel()

	b := setup(t, answering(http.StatusOK, "application/json", `{}`), func(c *overhttp.Config) {
		c.Header = http.Header{"Authorization": {"Bearer of all"}, "Accept": {"application/hal+json"}}
	})
	_, err := b.client.Do(t.Context(), list)
	require.NoError(t, err)
	_, err = b.client.Do(t.Context(), overhttp.Call{
		Name: "cancel order", Method: http.MethodPost, Route: "/orders/{id}", Path: "/orders/7?x=1",
		Header: http.Header{"Authorization": {"Bearer of one"}}, JSON: map[string]int{"a": 1},
	})
	require.NoError(t, err)

	got := b.arrived()
	require.Equal(t, "/api/orders", got[0].path, "the route is the path, and no slash is doubled")
	require.Empty(t, got[0].body)
	require.Empty(t, got[0].header.Get("Content-Type"))
	require.Equal(t, "Bearer of all", got[0].header.Get("Authorization"))
	require.Equal(t, "application/hal+json", got[0].header.Get("Accept"))
	require.Equal(t, "Orderbridge", got[0].header.Get("User-Agent"))
	require.Equal(t, "/api/orders/7?x=1", got[1].path)
	require.JSONEq(t, `{"a":1}`, got[1].body)
	require.Equal(t, "application/json", got[1].header.Get("Content-Type"))
	require.Equal(t, "Bearer of one", got[1].header.Get("Authorization"))
}

func TestMeanings(t *testing.T) {
	t.Parallel()

	one := list
	one.Route, one.Path = "/orders/{id}", "/orders/7"
	for status, kind := range map[int]downstream.Kind{
		http.StatusFound: downstream.Misconfigured, http.StatusBadRequest: downstream.Invalid,
		http.StatusUnauthorized: downstream.Unauthorized, http.StatusForbidden: downstream.Forbidden,
		http.StatusNotFound: downstream.Misconfigured, http.StatusMethodNotAllowed: downstream.Misconfigured,
		http.StatusRequestTimeout: downstream.Timeout, http.StatusConflict: downstream.Invalid,
		http.StatusGone: downstream.NotFound, http.StatusPreconditionFailed: downstream.VersionConflict,
		http.StatusTooManyRequests: downstream.RateLimited, http.StatusInternalServerError: downstream.Unavailable,
		http.StatusNotImplemented: downstream.Misconfigured, http.StatusGatewayTimeout: downstream.Timeout,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()

			b := setup(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "90")
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, private)
			})
			_, err := b.client.Read(t.Context(), list, &struct{}{})
			e := failure(t, kind, err)
			require.Equal(t, status, e.StatusCode)
			require.Equal(t, 90*time.Second, e.RetryAfter)
			require.Equal(t, "218", e.Order)
			require.Equal(t, []overhttp.Exchange{
				{Channel: "acme", Kind: kind, Method: "GET", Route: "/orders", StatusCode: status},
			}, b.told())
			require.Len(t, b.arrived(), 1, "no redirect is followed")

			if status == http.StatusNotFound {
				kind = downstream.NotFound
			}
			_, err = b.client.Read(t.Context(), one, &struct{}{})
			requireKind(t, kind, err)
		})
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()

	explained := func(m overhttp.Meaning, known bool) func(*overhttp.Config) {
		return func(c *overhttp.Config) {
			c.Explain = func(overhttp.Call, overhttp.Answer) (overhttp.Meaning, bool) { return m, known }
		}
	}
	for name, c := range map[string]struct {
		status int
		m      overhttp.Meaning
		known  bool
		kind   downstream.Kind
		says   string
	}{
		"a success is a failure": {200, overhttp.Meaning{Kind: downstream.Refused, Detail: "no", Advice: "look"}, true, downstream.Refused, "refused (HTTP 200): no; look"},
		"nothing but a kind":     {200, overhttp.Meaning{Kind: downstream.InUse}, true, downstream.InUse, "success that says otherwise"},
		"another kind":           {409, overhttp.Meaning{Kind: downstream.InUse}, true, downstream.InUse, "Testship finds the request wrong"},
		"a code":                 {400, overhttp.Meaning{Code: "TooBad"}, true, downstream.Invalid, "Testship finds the request wrong (TooBad)"},
		"not known":              {400, overhttp.Meaning{Kind: downstream.InUse, Detail: "ignored"}, false, downstream.Invalid, "Testship finds the request wrong;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, answering(c.status, "application/json", `{}`), explained(c.m, c.known))
			ans, err := b.client.Do(t.Context(), list)
			require.NoError(t, err, "there is an answer")
			err = b.client.Check(list, ans)
			requireKind(t, c.kind, err)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, c.kind, b.told()[0].Kind)
		})
	}
	t.Run("a success that is not known", func(t *testing.T) {
		t.Parallel()

		b := setup(t, answering(200, "application/json", `{}`), explained(overhttp.Meaning{Kind: downstream.InUse}, false))
		ans, err := b.client.Do(t.Context(), list)
		require.NoError(t, err)
		require.NoError(t, b.client.Check(list, ans))
	})
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		handler http.HandlerFunc
		says    string
	}{
		"another media type": {answering(200, "text/html", `{}`), "not application/json"},
		"no media type":      {answering(200, ";", `{}`), "not application/json"},
		"no JSON":            {answering(200, "application/json", private), "not JSON (byte 1"},
		"two values":         {answering(200, "application/json", `{} {}`), "not JSON"},
		"another shape":      {answering(200, "application/json; charset=utf-8", `{"n":"`+private+`"}`), `another shape than expected (at "n")`},
		"too long":           {answering(200, "application/json", `"`+strings.Repeat("x", 2048)+`"`), "longer than 1 KiB"},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"n":`)
		}, "the answer breaks off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			b := setup(t, c.handler, func(c *overhttp.Config) { c.MaxAnswer = 1024 })
			var into struct {
				N int `json:"n"`
			}
			_, err := b.client.Read(t.Context(), list, &into)
			require.ErrorContains(t, failure(t, downstream.Malformed, err), c.says)
		})
	}
}

func TestNoRequestIsMadeOf(t *testing.T) {
	t.Parallel()

	b := setup(t, answering(200, "application/json", `{}`))
	unwritable := list
	unwritable.JSON = math.Inf(1)
	_, err := b.client.Do(t.Context(), unwritable)
	requireKind(t, downstream.Invalid, err)
	unreachable := list
	unreachable.Path = "/%zz"
	_, err = b.client.Do(t.Context(), unreachable)
	requireKind(t, downstream.Misconfigured, err)
	require.Empty(t, b.arrived())
}

func TestObserve(t *testing.T) {
	t.Parallel()

	b := setup(t, answering(200, "application/json", `[]`), func(c *overhttp.Config) {
		c.Refused = func(overhttp.Call, overhttp.Answer) int { return 2 }
	})
	_, err := b.client.Do(t.Context(), list)
	require.NoError(t, err)
	b2 := setup(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err = b2.client.Do(t.Context(), list)
	requireKind(t, downstream.Unavailable, err)
	require.Equal(t, []overhttp.Exchange{{Channel: "acme", Method: "GET", Refused: 2, Route: "/orders", StatusCode: 200}}, b.told())
	require.Equal(t, []overhttp.Exchange{{Channel: "acme", Kind: downstream.Unavailable, Method: "GET", Route: "/orders"}}, b2.told())
}

func TestOneLine(t *testing.T) {
	t.Parallel()

	for text, want := range map[string]string{
		"": "", " \n": "", "as it is": "as it is", " two\r\n\tlines ": "two lines", "äöü ßéè ñçå": "äöü ßéè ñ",
	} {
		require.Equal(t, want, overhttp.OneLine(text, 9), "%q", text)
	}
}
