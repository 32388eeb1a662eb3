package example_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/activities/downstream/downstreamtest"
	"github.com/orderbridge/orderbridge/activities/downstream/example"
	"github.com/orderbridge/orderbridge/activities/downstream/example/exampletest"
)

func TestFind(t *testing.T) {
	t.Parallel()

	t.Run("compares trimmed", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.system.AddOrder(" W-7 ", "Ready")
		f.system.Faults.MatchSubstrings.Set(true)
		order, err := f.adapter.Find(t.Context(), "W-7")
		require.NoError(t, err)
		require.Equal(t, "W-7", order.Number)
	})

	t.Run("reads every page", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		for _, number := range []string{"1", "2", "3", "4", "5"} {
			f.system.AddOrder(number, "Ready")
		}
		f.system.Faults.IgnoreFilters.Set(true)
		order, err := f.adapter.Find(t.Context(), "5")
		require.NoError(t, err)
		require.Equal(t, "5", order.Number)
	})

	t.Run("an order of another warehouse", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.system.AddOrder("1001", "Ready")
		f.system.Faults.IgnoreFilters.Set(true)
		other, err := example.Driver().New(downstream.Config{
			Channel: "acme", BaseURL: f.system.URL, Token: f.system.Key, Options: downstream.Values{"warehouse_id": "13"},
			Transport: &http.Transport{DisableKeepAlives: true},
		})
		require.NoError(t, err)
		_, err = other.Find(t.Context(), "1001")
		require.True(t, downstream.IsKind(err, downstream.NotFound), "%v", err)
	})

	t.Run("a state that is not known", func(t *testing.T) {
		t.Parallel()
		f := newFixture(t)
		f.system.AddOrder("1001", "Teleported")
		_, err := f.adapter.Find(t.Context(), "1001")
		require.True(t, downstream.IsKind(err, downstream.Malformed), "%v", err)
		require.NotContains(t, err.Error(), "Teleported")
	})
}

// TestMomentBeforeTheWrite changes an order after the adapter has read it.
func TestMomentBeforeTheWrite(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.system.AddOrder("1001", "Ready")
	order, err := f.adapter.Find(t.Context(), "1001")
	require.NoError(t, err)
	hit := false
	f.system.Faults.Hook.Set(func(string) {
		hit = true
		require.NoError(t, f.system.SetState("1001", "Removed"))
	})
	_, err = f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: targetOf(order)})
	require.True(t, downstream.IsKind(err, downstream.VersionConflict), "%v", err)
	require.True(t, hit)
	require.Empty(t, f.system.Effects("1001"))
}

// TestErrorsRepeatNothing lets answers fail that hold personal data.
func TestErrorsRepeatNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault exampletest.Fault
		kind  downstream.Kind
	}{
		"no JSON":                {faults[downstreamtest.FaultGarbage], downstream.Malformed},
		"no list":                {exampletest.Fault{Do: exampletest.Hollow}, downstream.Malformed},
		"refused":                {exampletest.Fault{Status: http.StatusConflict}, downstream.Refused},
		"open elsewhere":         {exampletest.Fault{Status: http.StatusLocked}, downstream.InUse},
		"finds the request odd":  {exampletest.Fault{Status: http.StatusBadRequest}, downstream.Invalid},
		"fails":                  {exampletest.Fault{Status: http.StatusInternalServerError}, downstream.Unavailable},
		"an address that is not": {exampletest.Fault{Status: http.StatusNotFound}, downstream.Misconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.system.AddOrder("1001", "Ready")
			f.system.Faults.Inject(c.fault)
			_, err := f.adapter.Find(t.Context(), "1001")
			require.True(t, downstream.IsKind(err, c.kind), "%v", err)
			require.NotContains(t, err.Error(), exampletest.Private)
			require.NotContains(t, err.Error(), f.system.Key)
		})
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.system.AddOrder("1001", "Ready")
	order, err := f.adapter.Find(t.Context(), "1001")
	require.NoError(t, err)
	f.system.Faults.Inject(exampletest.Fault{OnWrite: true, Status: http.StatusConflict})
	_, err = f.adapter.Fulfill(t.Context(), downstream.FulfillRequest{Target: targetOf(order)})
	require.True(t, downstream.IsKind(err, downstream.Refused), "%v", err)
}

// TestAnotherOrder asks for a change of one order under the number of another.
func TestAnotherOrder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.system.AddOrder("1001", "Ready")
	order, err := f.adapter.Find(t.Context(), "1001")
	require.NoError(t, err)
	order.Number = "1002"
	_, err = f.adapter.Cancel(t.Context(), downstream.CancelRequest{Target: targetOf(order)})
	require.True(t, downstream.IsKind(err, downstream.Malformed), "%v", err)
	require.Empty(t, f.system.Effects("1001"))
}

func targetOf(order downstream.Order) downstream.Target {
	return downstream.Target{OrderID: order.ID, Number: order.Number, Version: order.Version, IdempotencyKey: "key"}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	driver := example.Driver()

	t.Run("mistakes name the field and repeat no value", func(t *testing.T) {
		t.Parallel()
		for field, config := range map[string]downstream.Config{
			"options.warehouse_id": {BaseURL: "https://binrow.example", Token: "key"},
			"base_url":             {BaseURL: "ftp://secret.example", Token: "key", Options: downstream.Values{"warehouse_id": "12"}},
			"token":                {Token: "secret\nkey", Options: downstream.Values{"warehouse_id": "12"}},
		} {
			config.Channel = "acme"
			_, err := driver.New(config)
			var mistake downstream.SettingError
			require.ErrorAs(t, err, &mistake, field)
			require.Equal(t, field, mistake.Field)
			require.NotContains(t, err.Error(), "secret")
		}
	})

	t.Run("two warehouses are two accounts", func(t *testing.T) {
		t.Parallel()
		_, one := driver.Account("", downstream.Values{"warehouse_id": "12"})
		_, other := driver.Account("", downstream.Values{"warehouse_id": "13"})
		require.NotEqual(t, one, other)
	})
}
