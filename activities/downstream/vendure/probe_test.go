package vendure_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure"
	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
)

// TestSettingsThatCannotWork tries settings on the real server, which is how a
// channel's check does.
func TestSettingsThatCannotWork(t *testing.T) {
	t.Parallel()

	for name, c := range map[string]struct {
		spoil  func(*vendure.Config, *venduretest.Server)
		kind   downstream.Kind
		advice string
	}{
		"no such custom field": {
			func(c *vendure.Config, _ *venduretest.Server) { c.Field = "externalNumber" },
			downstream.Misconfigured, "customFields.Order",
		},
		"the Shop API": {
			func(c *vendure.Config, s *venduretest.Server) { c.BaseURL = s.ShopURL },
			// It has no administrators.
			downstream.Unauthorized, "Admin API",
		},
		"another address of the server": {
			func(c *vendure.Config, s *venduretest.Server) {
				c.BaseURL = strings.Replace(s.URL, "/admin-api", "/api", 1)
			},
			downstream.Misconfigured, "/admin-api",
		},
		"another password": {
			func(c *vendure.Config, _ *venduretest.Server) { c.Password = password },
			downstream.Unauthorized, "user name",
		},
		"an API key that was made up": {
			func(c *vendure.Config, _ *venduretest.Server) {
				c.Username, c.Password, c.APIKey = "", "", "12:"+password
			},
			downstream.Unauthorized, "API key",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			f := newFixture(t)
			config := f.config
			c.spoil(&config, f.server)
			adapter := newAdapter(t, config)
			require.Contains(t, failure(t, c.kind, adapter.Probe(t.Context())).Advice, c.advice)
			_, err := adapter.Find(t.Context(), "218")
			require.Contains(t, failure(t, c.kind, err).Advice, c.advice)
		})
	}
}

func TestNoSuchFulfillmentHandler(t *testing.T) {
	t.Parallel()

	f := newFixture(t)
	order := f.add(t, "handler-1", venduretest.StatePaymentSettled)
	config := f.config
	config.FulfillmentHandler = "another-handler"
	_, err := newAdapter(t, config).Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
	require.Contains(t, failure(t, downstream.Misconfigured, err).Advice, "fulfillment_handler")
	require.Empty(t, f.order(t, "handler-1").Fulfillments)
}

func TestPermissions(t *testing.T) {
	t.Parallel()

	f := newFixture(t)
	order := f.add(t, "rights-1", venduretest.StatePaymentSettled)
	as := func(t *testing.T, name string, permissions ...string) *vendure.Adapter {
		t.Helper()
		require.NoError(t, f.server.AddAdministrator(t.Context(), name, password, permissions))
		config := f.config
		config.Username, config.Password = name, password
		return newAdapter(t, config)
	}

	t.Run("to read is missing", func(t *testing.T) {
		t.Parallel()

		adapter := as(t, "clerk@example.com", "ReadCatalog")
		require.Contains(t, failure(t, downstream.Forbidden, adapter.Probe(t.Context())).Advice, "ReadOrder")
		_, err := adapter.Find(t.Context(), order.Number)
		requireKind(t, downstream.Forbidden, err)
	})

	t.Run("to change is missing", func(t *testing.T) {
		t.Parallel()

		adapter := as(t, "reader@example.com", "ReadOrder")
		require.Contains(t, failure(t, downstream.Forbidden, adapter.Probe(t.Context())).Advice, "UpdateOrder")
		found, err := adapter.Find(t.Context(), order.Number)
		require.NoError(t, err)
		require.Equal(t, order, found)
		_, err = adapter.Cancel(t.Context(), downstream.CancelRequest{Target: target(order)})
		requireKind(t, downstream.Forbidden, err)
		_, err = adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: target(order)})
		requireKind(t, downstream.Forbidden, err)
	})
}

// TestRedirectsAreNotFollowed keeps the password where it belongs.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()

	adapter := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/admin-api" {
			t.Error("the redirect was followed")
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	requireKind(t, downstream.Misconfigured, adapter.Probe(t.Context()))
}
