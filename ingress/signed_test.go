package ingress_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
)

func TestWebhookKeepsWhatWasSigned(t *testing.T) {
	t.Parallel()
	whole := activities.SignedCallback{Channel: "main", ID: hash, Timestamp: "1700000003", Signature: signature, Body: statusUpdated}
	without := func(change func(*activities.SignedCallback)) *activities.SignedCallback {
		signed := whole
		change(&signed)
		return &signed
	}
	for name, tc := range map[string]struct {
		body   string
		change func(http.Header)
		want   *activities.SignedCallback
	}{
		"all of it": {statusUpdated, func(http.Header) {}, &whole},
		"byte for byte": {
			" " + statusUpdated + "\r\n", func(http.Header) {},
			without(func(s *activities.SignedCallback) { s.Body = " " + statusUpdated + "\r\n" }),
		},
		"no signature": {
			statusUpdated, func(h http.Header) { h.Del("Webhook-Signature") },
			without(func(s *activities.SignedCallback) { s.Signature = "" }),
		},
		"nothing of a signature": {
			statusUpdated, func(h http.Header) { h.Del("Webhook-Id"); h.Del("Webhook-Timestamp"); h.Del("Webhook-Signature") }, nil,
		},
		"an oversized signature": {
			statusUpdated, func(h http.Header) { h.Set("Webhook-Signature", strings.Repeat("v1,AAAA ", 100)) },
			without(func(s *activities.SignedCallback) { s.Signature = "" }),
		},
		"several signatures": {
			statusUpdated, func(h http.Header) { h.Set("Webhook-Signature", signature+" "+signature) },
			without(func(s *activities.SignedCallback) { s.Signature = signature + " " + signature }),
		},
		"the largest body":     {padded(4096), func(http.Header) {}, without(func(s *activities.SignedCallback) { s.Body = padded(4096) })},
		"a body beyond reason": {padded(4097), func(http.Header) {}, nil},
		"a callback that cannot be used": {
			"not JSON", func(http.Header) {}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := defaultConfig()
			config.MaxBodyBytes = 8192
			f := serve(t, config)
			req := f.callback(tc.body)
			tc.change(req.Header)
			require.Equal(t, http.StatusOK, f.do(req).status)
			require.Equal(t, tc.want, f.requireOne().Signed)
			require.NotContains(t, f.log.String(), "AAAA")
		})
	}
}
