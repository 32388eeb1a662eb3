package ingress_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/ingress"
	"github.com/orderbridge/orderbridge/workflows"
)

// request is a request as it may come over a network, with any path and header.
func request(method, path, secret, contentType, encoding string, body []byte) *http.Request {
	return &http.Request{
		Method: method, URL: &url.URL{Path: path}, Host: "ingress",
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)),
		Body: io.NopCloser(strings.NewReader(string(body))),
		Header: http.Header{
			http.CanonicalHeaderKey(callback.Header): {secret}, "Content-Type": {contentType}, "Content-Encoding": {encoding},
		},
	}
}

// FuzzWebhook sends anything at all to the handler. Whatever arrives, it
// answers with one of the documented statuses, starts only what is authentic,
// and starts only what Temporal can take.
func FuzzWebhook(f *testing.F) {
	secrets := newSecrets(f, "k")
	good := secrets.Secret("main", 1)
	for _, body := range []string{
		statusUpdated, "", "not JSON", "[]", "{}", `{"scope":"store/order/updated","data":{"order_id":"7"}}`,
		`{"scope":"store/shipment/created","hash":1,"data":{"orderId":9e2}}`, strings.Repeat("[", 100), "\xff\xfe",
		padded(5000),
	} {
		f.Add(http.MethodPost, "main", good, "application/json", "", []byte(body))
	}
	f.Add(http.MethodGet, "main", good, "application/json", "", []byte(nil))
	f.Add(http.MethodPost, "other", good, "application/json", "gzip", []byte(statusUpdated))
	f.Add(http.MethodPost, "MAIN", secrets.Secret("MAIN", 1), "text/plain", "", []byte(statusUpdated))
	f.Add(http.MethodPost, "a/b", "1.x", "application/json; charset", "br", []byte(statusUpdated))

	f.Fuzz(func(t *testing.T, method, channel, secret, contentType, encoding string, body []byte) {
		starter := &recorder{answer: func(_ context.Context, w workflows.Webhook) (bool, error) {
			switch len(w.Hash) % 3 { // every way in which a start can end
			case 0:
				return false, errors.New("away")
			case 1:
				return true, nil
			default:
				return false, nil
			}
		}}
		server, err := ingress.New(defaultConfig(), ingress.Dependencies{
			Starter: starter, Notifier: starter, Secrets: secrets, Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		req := request(method, "/webhooks/bigcommerce/"+channel, secret, contentType, encoding, body)
		answer := httptest.NewRecorder()
		server.Handler().ServeHTTP(answer, req.WithContext(t.Context()))

		require.Contains(t, []int{
			http.StatusOK, http.StatusUnauthorized, http.StatusNotFound, http.StatusMethodNotAllowed,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusServiceUnavailable,
		}, answer.Code)
		started := starter.webhooks()
		if answer.Code != http.StatusOK && answer.Code != http.StatusServiceUnavailable {
			require.Empty(t, started)
			return
		}
		require.Empty(t, answer.Body.Bytes())
		require.Len(t, started, 1)
		hook := started[0]
		_, authentic := secrets.Verify(channel, secret)
		require.True(t, authentic)
		require.True(t, channels.ValidID(hook.Channel))
		require.True(t, hook.Scope == "" || bigcommerce.ValidScope(hook.Scope))
		require.Regexp(t, `^webhook/[ -~]{1,500}$`, hook.ID(), "Temporal takes ids of up to 1,000 bytes")
		if hook.Rejection == nil {
			require.Positive(t, hook.OrderID)
			require.NotEmpty(t, hook.Scope)
		}
	})
}

// FuzzException does the same to the address for delivery exceptions, and to
// that of the callback of a check.
func FuzzException(f *testing.F) {
	secrets := newSecrets(f, "k")
	good := secrets.Secret("main", 1)
	for _, body := range []string{
		deliveryException("90001"), deliveryException("9e4"), deliveryException("-1"), deliveryException(`"x"`), statusUpdated,
		"", "not JSON", "[]", "{}", `{"scope":"store/hook/deliveryException","data":[]}`, "\xff\xfe", padded(5000),
	} {
		f.Add("/main/exceptions", "main", good, "application/json", "", []byte(body))
	}
	f.Add("/main/check", "main", good, "application/json", "", []byte("{}"))
	f.Add("/other/exceptions", "other", good, "application/json", "gzip", []byte(deliveryException("90002")))

	f.Fuzz(func(t *testing.T, path, channel, secret, contentType, encoding string, body []byte) {
		starter := &recorder{notify: func(context.Context) (bool, error) {
			if len(body)%2 == 0 { // every way in which a notice can end
				return false, errors.New("away")
			}
			return len(body)%3 == 0, nil
		}}
		server, err := ingress.New(defaultConfig(), ingress.Dependencies{
			Starter: starter, Notifier: starter, Secrets: secrets, Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		answer := httptest.NewRecorder()
		req := request(http.MethodPost, "/webhooks/bigcommerce"+path, secret, contentType, encoding, body)
		server.Handler().ServeHTTP(answer, req.WithContext(t.Context()))

		require.Contains(t, []int{
			http.StatusOK, http.StatusUnauthorized, http.StatusNotFound, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusServiceUnavailable,
		}, answer.Code)
		require.Equal(t, answer.Code == http.StatusUnauthorized, answer.Header().Get(callback.MarkerHeader) != "")
		_, authentic := secrets.Verify(channel, secret)
		for _, hook := range starter.webhooks() {
			require.Nil(t, hook.Rejection, "what cannot be used is not started here")
			require.True(t, authentic || hook.Channel != channel)
		}
		for _, told := range starter.exceptions {
			require.True(t, channels.ValidID(told.channel))
			require.True(t, authentic || told.channel != channel)
			require.NotEmpty(t, body)
		}
	})
}
