package ingress_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/workflows"
)

const exceptionsPath = path + "/exceptions"

// deliveryException returns what the store sends about a callback that failed.
func deliveryException(code string) string {
	return envelope("store/hook/deliveryException",
		`{"type":"webhook","id":123,"error_code":`+code+`,"message":"Non-200 response received when delivering to https://private.example.com, will retry"}`)
}

func TestExceptionStartsAnAudit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code  string
		want  int
		label string
	}{
		"will be retried": {"90001", 90001, "90001"},
		"given up":        {"90002", 90002, "90002"},
		"domain blocked":  {"90003", 90003, "90003"},
		"as text":         {`"90002"`, 90002, "90002"},
		"a new code":      {"90004", 90004, "other"},
		"no code":         {"null", 0, "other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			require.Equal(t, map[string]int{}, f.counted("orderbridge_delivery_exceptions_total"))
			answer := f.do(f.callbackTo(exceptionsPath, deliveryException(tc.code)))
			require.Equal(t, http.StatusOK, answer.status)
			requireBare(t, answer)
			require.Equal(t, []exception{{"main", tc.want}}, f.starter.exceptions)
			require.Empty(t, f.starter.webhooks())
			require.Equal(t, map[string]int{tc.label: 1}, f.counted("orderbridge_delivery_exceptions_total"))
			require.Equal(t, map[string]int{"accepted": 1}, f.results())
			require.Contains(t, f.log.String(), `"hook":123`)
			require.NotContains(t, f.log.String(), "private.example.com")
			require.NotContains(t, f.log.String(), f.secret())
		})
	}
}

func TestExceptionsAreCountedFromZero(t *testing.T) {
	t.Parallel()
	body := setup(t).get("/metrics").body
	for _, code := range []string{"90001", "90002", "90003", "other"} {
		require.Contains(t, body, `orderbridge_delivery_exceptions_total{code="`+code+`"} 0`)
	}
}

func TestExceptionThatIsNotKept(t *testing.T) {
	t.Parallel()
	for name, notify := range map[string]func(context.Context) (bool, error){
		"the start fails":          func(context.Context) (bool, error) { return false, errors.New("away") },
		"the start takes too long": func(ctx context.Context) (bool, error) { <-ctx.Done(); return false, ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := defaultConfig()
			config.StartTimeout = 10 * time.Millisecond
			f := serve(t, config)
			f.starter.notify = notify
			answer := f.do(f.callbackTo(exceptionsPath, deliveryException("90001")))
			require.Equal(t, http.StatusServiceUnavailable, answer.status)
			requireBare(t, answer)
			require.Equal(t, map[string]int{"unavailable": 1}, f.results())
		})
	}
}

func TestExceptionsAddressTakesAnOrderToo(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.Equal(t, http.StatusOK, f.do(f.callbackTo(exceptionsPath, statusUpdated)).status)
	require.Equal(t, int64(218), f.requireOne().OrderID, "nothing is lost")
	require.Empty(t, f.starter.exceptions)
	require.Contains(t, f.log.String(), "wrong destination")
}

func TestExceptionThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":         "",
		"not JSON":        "order of private@example.com",
		"no data":         `{"scope":"store/hook/deliveryException","hash":"` + hash + `"}`,
		"a list as data":  envelope("store/hook/deliveryException", `["private@example.com"]`),
		"another scope":   envelope("store/product/updated", `{"type":"product","id":205}`),
		"no order":        envelope("store/order/updated", `{"type":"order"}`),
		"a hostile scope": envelope("store/hook/../private@example.com", `{"type":"webhook","id":1}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			answer := f.do(f.callbackTo(exceptionsPath, body))
			require.Equal(t, http.StatusOK, answer.status, "otherwise it would come again for 48 hours")
			requireBare(t, answer)
			require.Empty(t, f.starter.webhooks())
			require.Empty(t, f.starter.exceptions)
			require.Equal(t, map[string]int{"rejected": 1}, f.results())
			require.NotContains(t, f.log.String(), "private@example.com")
		})
	}
}

func TestExceptionOnTheOrdinaryAddress(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.Equal(t, workflows.ReasonUnknownScope, f.accept(deliveryException("90001")).Rejection.Reason)
	require.Empty(t, f.starter.exceptions)
}

func TestCheckIsToldThatItsCallbackArrived(t *testing.T) {
	t.Parallel()
	metafield := envelope("store/order/metafield/created", `{"type":"metafield","metafield_id":14,"resource_id":"250"}`)
	for name, tc := range map[string]struct {
		body   string
		notify func(context.Context) (bool, error)
		status int
		result string
		says   string
	}{
		"a check waits":   {metafield, nil, http.StatusOK, "accepted", "callback of a check arrived"},
		"anything at all": {"not JSON", nil, http.StatusOK, "accepted", "callback of a check arrived"},
		"no check waits": {
			metafield, func(context.Context) (bool, error) { return false, nil },
			http.StatusOK, "accepted", "no check waits for it",
		},
		"Temporal is away": {
			metafield, func(context.Context) (bool, error) { return false, errors.New("away") },
			http.StatusServiceUnavailable, "unavailable", "Temporal did not take it",
		},
		"Temporal is slow": {
			metafield, func(ctx context.Context) (bool, error) { <-ctx.Done(); return false, ctx.Err() },
			http.StatusServiceUnavailable, "unavailable", "Temporal did not take it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := defaultConfig()
			config.StartTimeout = 10 * time.Millisecond
			f := serve(t, config)
			f.starter.notify = tc.notify
			answer := f.do(f.callbackTo(path+"/check", tc.body))
			require.Equal(t, tc.status, answer.status)
			requireBare(t, answer)
			require.Len(t, f.starter.delivered, 1)
			require.Equal(t, "main", f.starter.delivered[0].channel)
			require.Equal(t, time.UTC, f.starter.delivered[0].at.Location())
			require.False(t, f.starter.delivered[0].at.IsZero())
			require.Equal(t, map[string]int{tc.result: 1}, f.results())
			require.Contains(t, f.log.String(), tc.says)
			require.Empty(t, f.starter.webhooks())
		})
	}
}

func TestEveryAddressChecksTheSecretFirst(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", "/exceptions", "/check"} {
		t.Run("webhooks"+suffix, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			req := f.callbackTo(path+suffix, deliveryException("90001"))
			req.Header.Set(callback.Header, newSecrets(t, "q").Secret("main", 1))
			answer := f.do(req)
			require.Equal(t, http.StatusUnauthorized, answer.status)
			require.Empty(t, answer.body)
			require.Equal(t, callback.MarkerValue, answer.header.Get(callback.MarkerHeader))
			require.Empty(t, f.starter.webhooks())
			require.Empty(t, f.starter.exceptions)
			require.Empty(t, f.starter.delivered)
			for name, change := range map[string]func(*http.Request){
				"media type": func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") },
				"method":     func(r *http.Request) { r.Method = http.MethodPut },
				"path":       func(r *http.Request) { r.URL.Path += "/more" },
			} {
				req := f.callbackTo(path+suffix, strings.Repeat(" ", 10))
				change(req)
				answer := f.do(req)
				require.Contains(t, []int{http.StatusUnsupportedMediaType, http.StatusMethodNotAllowed, http.StatusNotFound}, answer.status, name)
				require.Empty(t, answer.header.Get(callback.MarkerHeader), "nothing but a 401 is marked")
			}
		})
	}
}
