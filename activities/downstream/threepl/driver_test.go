package threepl_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl/threepltest"
)

// tap shows requests to a function on their way.
type tap func(r *http.Request, body []byte)

func (see tap) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	see(r, body)
	return http.DefaultTransport.RoundTrip(r)
}

func TestOptionsReachTheSystem(t *testing.T) {
	t.Parallel()

	const tpl = "00000000-0000-0000-0000-000000000007"
	downstreamtest.Options(t, threepl.Driver(), map[string]downstreamtest.Setting{
		"customer_id":         {Value: "77", Other: "78", Sent: "77"},
		"facility_id":         {Value: "5", Sent: "5"},
		"recalculate_charges": {Value: "true", Sent: "true"},
		"tpl":                 {Value: tpl, Sent: tpl},
		"user_login":          {Value: "somebody", Other: "somebody else", Sent: "somebody"},
	}, useOptions)
}

// useOptions fulfills an order with an adapter made from options.
func useOptions(t *testing.T, options downstream.Values) map[string]string {
	t.Helper()
	system := threepltest.New(t)
	system.UserLogin, system.TPL = options["user_login"], options["tpl"]
	system.Add(threepltest.Order{
		CustomerID: options.Number("customer_id"), FacilityID: options.Number("facility_id"), FullyAllocated: true, Number: "218",
	})
	seen := map[string]string{}
	adapter, err := threepl.Driver().New(downstream.Config{
		BaseURL: system.URL, Channel: "acme", Options: options, Timeout: time.Minute, Token: system.ClientID + ":" + system.ClientSecret,
		Transport: tap(func(r *http.Request, body []byte) {
			for condition := range strings.SplitSeq(r.URL.Query().Get("rql"), ";") {
				name, value, _ := strings.Cut(condition, "==")
				switch name {
				case "readonly.customeridentifier.id":
					seen["customer_id"] = value
				case "readonly.facilityidentifier.id":
					seen["facility_id"] = value
				}
			}
			var token struct {
				TPL       string `json:"tpl"`
				UserLogin string `json:"user_login"`
			}
			if strings.HasSuffix(r.URL.Path, "/Token") && json.Unmarshal(body, &token) == nil {
				seen["tpl"], seen["user_login"] = token.TPL, token.UserLogin
			}
		}),
	})
	require.NoError(t, err)
	order, err := adapter.Find(t.Context(), "218")
	require.NoError(t, err)
	_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
	require.NoError(t, err)
	effects := system.Effects()
	require.Len(t, effects, 1)
	seen["recalculate_charges"] = strconv.FormatBool(effects[0].Recalculated)
	return seen
}
