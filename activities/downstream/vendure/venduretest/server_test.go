package venduretest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream/vendure/venduretest"
)

// start starts a server that is closed with the test, at the latest.
func start(t *testing.T, dir string) *venduretest.Server {
	t.Helper()
	require.NoError(t, startShared(), "installs it, when need be, for all")
	s, err := venduretest.Start(t.Context(), venduretest.Options{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// requireGone checks that nothing answers at an address.
func requireGone(t *testing.T, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	require.Error(t, err)
}

// TestTwoServers runs a second one beside the one that the tests share, goes on
// with its database in a third, and kills that.
func TestTwoServers(t *testing.T) {
	t.Parallel()

	dir := t.TempDir()
	s := start(t, dir)
	require.NotEqual(t, shared(t).URL, s.URL)
	require.NotEqual(t, shared(t).AdapterPassword, s.AdapterPassword)
	require.NoError(t, s.AddOrder(t.Context(), "two", venduretest.StateShipped))
	_, err := shared(t).Order(t.Context(), "two")
	require.ErrorContains(t, err, "there are 0")
	requireStockMatters(t, s)

	_, err = venduretest.Start(t.Context(), venduretest.Options{Dir: dir})
	require.ErrorContains(t, err, "in use by another process")

	require.NoError(t, s.Close())
	<-s.Done()
	require.NoError(t, s.Err())
	require.NoError(t, s.Close(), "a second time")
	requireGone(t, s.URL)

	again := start(t, dir)
	require.Equal(t, s.AdapterPassword, again.AdapterPassword)
	order, err := again.Order(t.Context(), "two")
	require.NoError(t, err)
	require.Equal(t, venduretest.StateShipped, order.State)
	_ = connect(t, again.URL, again.AdapterUsername, again.AdapterPassword)

	require.NoError(t, again.Err())
	require.NoError(t, again.Process().Kill())
	<-again.Done()
	require.ErrorContains(t, again.Err(), "ended unexpectedly")
	require.NoError(t, again.Close())
}

// requireStockMatters changes the stock of a server that no other test uses.
func requireStockMatters(t *testing.T, s *venduretest.Server) {
	t.Helper()
	require.NoError(t, s.AddOrder(t.Context(), "stock", venduretest.StatePaymentSettled))
	require.NoError(t, s.SetStock(t.Context(), venduretest.SKUTeapot, 0))
	require.ErrorContains(t, s.AddFulfillment(t.Context(), "stock", ""), "INSUFFICIENT_STOCK_ON_HAND_ERROR")
	require.NoError(t, s.SetStock(t.Context(), venduretest.SKUTeapot, 1))
	require.NoError(t, s.AddFulfillment(t.Context(), "stock", ""))
	require.ErrorContains(t, s.SetStock(t.Context(), "CUP-1", 1), "CUP-1")
}

func TestStartFails(t *testing.T) {
	t.Parallel()

	require.NoError(t, startShared())

	t.Run("NoDirectory", func(t *testing.T) {
		t.Parallel()

		_, err := venduretest.Start(t.Context(), venduretest.Options{})
		require.ErrorContains(t, err, "no directory")
	})

	t.Run("NoAddress", func(t *testing.T) {
		t.Parallel()

		_, err := venduretest.Start(t.Context(), venduretest.Options{Dir: t.TempDir(), ListenAddress: "nowhere"})
		require.ErrorContains(t, err, "address to listen on")
	})

	t.Run("AddressInUse", func(t *testing.T) {
		t.Parallel()

		address := strings.TrimSuffix(strings.TrimPrefix(shared(t).URL, "http://"), "/admin-api")
		_, err := venduretest.Start(t.Context(), venduretest.Options{Dir: t.TempDir(), ListenAddress: address})
		require.ErrorContains(t, err, "EADDRINUSE")
	})

	t.Run("ContextEnds", func(t *testing.T) {
		t.Parallel()

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := venduretest.Start(ctx, venduretest.Options{Dir: t.TempDir()})
		require.ErrorIs(t, err, context.Canceled)
	})
}
